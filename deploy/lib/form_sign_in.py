"""Signs in to a sample application as somebody would who has only its form: "in", or "refused" and exit code 1.

  form_sign_in.py ADDRESS USER 4<password
"""
import http.cookiejar
import os
import re
import ssl
import sys
import urllib.error
import urllib.parse
import urllib.request


def main():
    origin, user = "https://" + sys.argv[1], sys.argv[2]
    with os.fdopen(4, encoding="utf-8") as file:
        password = file.readline().rstrip("\n")
    # The sample city's certificate is made for the demonstration, and only this machine is spoken to.
    context = ssl._create_unverified_context()
    browser = urllib.request.build_opener(
        urllib.request.HTTPSHandler(context=context), urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    page = browser.open(origin + "/login").read().decode()
    form = {"csrf": re.search(r'name="csrf" value="([^"]+)"', page)[1], "user": user, "password": password, "enter": "1"}
    try:
        page = browser.open(origin + "/login", urllib.parse.urlencode(form).encode()).read().decode()
    except urllib.error.HTTPError as fault:
        page = fault.read().decode()
    if 'id="person"' in page:
        print("in")
        return 0
    print("refused" if 'id="login-failed"' in page else "neither")
    return 1


if __name__ == "__main__":
    sys.exit(main())
