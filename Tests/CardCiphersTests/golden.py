#!/usr/bin/env python3
"""The known answers of LiteSKeyTests, by a program that shares nothing with ours: python3-cryptography.

Written from the descriptions alone (one block at a time, no CBC mode), so that an order of bytes is thought about twice.
"""
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

MASTER = bytes.fromhex("00112233445566778899aabbccddeeff0f1e2d3c4b5a6978")
ID = bytes.fromhex("012e4cd8a1b2c3d4" + "0000" + "534e4d4f4e31")
RC = bytes(range(0x10, 0x20))
WCNT = bytes.fromhex("2a0100") + bytes(13)


def des(key, block):
    if len(key) == 16:
        key = key + key[:8]
    engine = Cipher(TripleDES(key), modes.ECB()).encryptor()
    return engine.update(block) + engine.finalize()


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def low_first(number):
    return number.to_bytes(8, "little")


def high_first(half):
    return int.from_bytes(half, "little").to_bytes(8, "big")


def card_key(master, block):
    label = int.from_bytes(des(master, bytes(8)), "big")
    sub = (label << 1) & (2**64 - 1)
    if label >> 63:
        sub ^= 0x1B
    tail = xor(block[8:], sub.to_bytes(8, "big"))
    first = des(master, xor(des(master, block[:8]), tail))
    turned = bytes([block[0] ^ 0x80]) + block[1:8]
    return first + des(master, xor(des(master, turned), tail))


def session(ck, rc):
    key = high_first(ck[:8]) + high_first(ck[8:])
    one = des(key, high_first(rc[:8]))
    return one, des(key, xor(one, high_first(rc[8:])))


def mac(key, rc, text):
    state = high_first(rc[:8])
    for at in range(0, len(text), 8):
        state = des(key, xor(state, high_first(text[at : at + 8])))
    return low_first(int.from_bytes(state, "big"))


ck = card_key(MASTER, ID)
sk1, sk2 = session(ck, RC)
head = bytes.fromhex("820090009100ffff")
print("card key   ", ck.hex())
print("session key", (sk1 + sk2).hex())
print("read mac   ", mac(sk1 + sk2, RC, head + ID + WCNT).hex())
print("read mac id", mac(sk1 + sk2, RC, bytes.fromhex("82009100ffffffff") + ID).hex())
state = bytes([1]) + bytes(15)
print("write mac  ", mac(sk2 + sk1, RC, WCNT[:3] + bytes.fromhex("0092009100") + state).hex())
