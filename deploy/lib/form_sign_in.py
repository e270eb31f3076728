"""Signs in to a sample application as somebody would who has only its form: "in", or "refused" and exit code 1.

  form_sign_in.py ADDRESS CERTIFICATE USER 4<password
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
    origin, certificate, user = "https://" + sys.argv[1], sys.argv[2], sys.argv[3]
    with os.fdopen(4, encoding="utf-8") as file:
        password = file.readline().rstrip("\n")
    context = ssl.create_default_context(cafile=certificate)
    # This very certificate is meant; it names the host, and here stands the address.
    context.check_hostname = False
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
