"""Carries TCP connections of 127.0.0.1 to where a client cannot go itself. For tests.

  relay.py socket PORT SOCKET
      From PORT to a unix socket: whoever comes is there who the starter of this program is.
  relay.py namespace NAMESPACE PORTS-FILE NAME=PORT…
      From a free port for each NAME to 127.0.0.1:PORT in a network namespace. PORTS-FILE gets a line "NAME port" for each when
      all of them listen.
"""
import ctypes
import os
import socket
import sys
import threading

CLONE_NEWNET = 0x40000000


def pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    for end in (source, target):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def serve(listener, connect):
    while True:
        client, _ = listener.accept()
        try:
            server = connect()
        except OSError:
            client.close()
            continue
        server.settimeout(None)
        for ends in ((client, server), (server, client)):
            threading.Thread(target=pump, args=ends, daemon=True).start()


def unix(path):
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.connect(path)
    return server


def tcp(port):
    server = socket.create_connection(("127.0.0.1", port), timeout=5)
    server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return server


def into_namespace(namespace, ports_file, *names):
    inside = os.open(namespace, os.O_RDONLY | os.O_CLOEXEC)
    doors = []
    for name, port in (entry.split("=") for entry in names):
        doors.append((name, int(port), socket.create_server(("127.0.0.1", 0), backlog=128)))
    # What listens stays outside; what is opened from here on is inside.
    if ctypes.CDLL(None, use_errno=True).setns(inside, CLONE_NEWNET) != 0:
        sys.exit(f"relay: {os.strerror(ctypes.get_errno())}")
    with open(ports_file + ".new", "w", encoding="ascii") as file:
        for name, _, listener in doors:
            file.write(f"{name} {listener.getsockname()[1]}\n")
    os.rename(ports_file + ".new", ports_file)
    for _, port, listener in doors:
        threading.Thread(target=serve, args=(listener, lambda port=port: tcp(port))).start()


def main():
    kind, *arguments = sys.argv[1:]
    if kind == "socket":
        port, path = arguments
        serve(socket.create_server(("127.0.0.1", int(port)), backlog=64), lambda: unix(path))
    elif kind == "namespace":
        into_namespace(*arguments)
    else:
        sys.exit(__doc__)


main()
