"""Builds a harmless copy of a file: only what is known is carried over, nothing is cut out of the original.

PNG (ISO/IEC 15948): the picture itself, decompressed, checked and compressed anew; no text, no colour profile, nothing behind the end.
CSV (RFC 4180): cells without control characters; a cell that a spreadsheet would run as a formula gets an apostrophe.
Text: UTF-8 or Windows-31J in, UTF-8 out, without control and direction characters.
"""
import csv
import io
import struct
import unicodedata
import zlib

UPLOAD_BYTES = 8 << 20
PICTURE_BYTES = 64 << 20
CELLS, CELL_LETTERS = 200_000, 32_767
PNG = b"\x89PNG\r\n\x1a\n"
# Colour type → samples a pixel, allowed depths.
COLOURS = {0: (1, (1, 2, 4, 8, 16)), 2: (3, (8, 16)), 3: (1, (1, 2, 4, 8)), 4: (2, (8, 16)), 6: (4, (8, 16))}


class Refused(Exception):
    def __init__(self, sentence):
        super().__init__(sentence)
        self.sentence = sentence


def clean(name, content):
    """The copy, its media type and a note for the person; Refused with the reason. The name's ending says what it has to be."""
    if len(content) > UPLOAD_BYTES:
        raise Refused("大きすぎます。")
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    if ending == "png":
        return clean_png(content), "image/png", "画像だけを作り直しました"
    if ending == "csv":
        return clean_csv(text_of(content)), "text/csv; charset=utf-8", "数式と制御文字を無効にしました"
    if ending == "txt":
        return clean_text(text_of(content)).encode(), "text/plain; charset=utf-8", "制御文字を除きました"
    raise Refused("この種類のファイルは無害化できません（PNG・CSV・テキストだけです）。")


def chunks(content):
    """Type and data of each chunk up to IEND; lengths and check sums hold."""
    at = len(PNG)
    while True:
        if at + 12 > len(content):
            raise Refused("画像が途中で切れています。")
        length, kind = struct.unpack_from(">I4s", content, at)
        data = content[at + 8:at + 8 + length]
        if len(data) != length or at + 12 + length > len(content):
            raise Refused("画像が途中で切れています。")
        if struct.unpack_from(">I", content, at + 8 + length)[0] != zlib.crc32(kind + data):
            raise Refused("画像が壊れています。")
        yield kind, data
        if kind == b"IEND":
            return
        at += 12 + length


def clean_png(content):
    if not content.startswith(PNG):
        raise Refused("名前は PNG ですが、中身が違います。")
    header, palette, transparency, packed = None, None, None, []
    for kind, data in chunks(content):
        if (header is None) != (kind == b"IHDR"):
            raise Refused("画像が壊れています。")
        if kind == b"IHDR":
            header = data
        elif kind == b"PLTE":
            palette = data
        elif kind == b"tRNS":
            transparency = data
        elif kind == b"IDAT":
            packed.append(data)
        elif kind != b"IEND" and not kind[0] & 0x20:
            raise Refused("知らない必須の部分を含む画像です。")
    if header is None or len(header) != 13:
        raise Refused("画像が壊れています。")
    width, height, depth, colour, compression, filtering, interlace = struct.unpack(">IIBBBBB", header)
    if colour not in COLOURS or depth not in COLOURS[colour][1] or compression or filtering or not width or not height:
        raise Refused("画像が壊れています。")
    if interlace:
        raise Refused("インターレースの画像は無害化できません。")
    if (colour == 3) != (palette is not None) and colour not in (2, 6):
        raise Refused("画像が壊れています。")
    if palette is not None and (len(palette) % 3 or not 3 <= len(palette) <= 768):
        raise Refused("画像が壊れています。")
    if transparency is not None and len(transparency) > {0: 2, 2: 6, 3: 256}.get(colour, 0):
        raise Refused("画像が壊れています。")
    row = 1 + (width * COLOURS[colour][0] * depth + 7) // 8
    if row * height > PICTURE_BYTES:
        raise Refused("画像が大きすぎます。")
    inflate = zlib.decompressobj()
    try:
        pixels = inflate.decompress(b"".join(packed), row * height + 1)
    except zlib.error:
        raise Refused("画像が壊れています。") from None
    if len(pixels) != row * height or not inflate.eof or any(pixels[at] > 4 for at in range(0, len(pixels), row)):
        raise Refused("画像が壊れています。")

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    parts = [PNG, chunk(b"IHDR", header)]
    if palette is not None:
        parts.append(chunk(b"PLTE", palette))
    if transparency is not None:
        parts.append(chunk(b"tRNS", transparency))
    return b"".join([*parts, chunk(b"IDAT", zlib.compress(pixels, 6)), chunk(b"IEND", b"")])


def text_of(content):
    for encoding in ("utf-8-sig", "cp932"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return text.replace("\r\n", "\n").replace("\r", "\n")
    raise Refused("名前はテキストですが、中身が違います。")


def clean_text(text):
    # Cc: control characters; Cf: direction marks and others that are not seen; Co, Cn: not agreed upon by anybody.
    return "".join(letter for letter in text if letter in "\n\t" or unicodedata.category(letter) not in ("Cc", "Cf", "Co", "Cn", "Cs"))


def clean_csv(text):
    rows, cells = [], 0
    try:
        for row in csv.reader(io.StringIO(text, newline=""), strict=True):
            cells += len(row)
            if cells > CELLS or any(len(cell) > CELL_LETTERS for cell in row):
                raise Refused("表が大きすぎます。")
            rows.append([clean_cell(cell) for cell in row])
    except csv.Error:
        raise Refused("CSV として読めません。") from None
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    # Spreadsheets take a CSV file without this mark for another encoding.
    return out.getvalue().encode("utf-8-sig")


def clean_cell(cell):
    cell = clean_text(cell).replace("\t", " ")
    if cell[:1] in ("=", "+", "-", "@", "＝", "＋", "－", "＠") and not is_number(cell):
        return "'" + cell
    return cell


def is_number(cell):
    return cell[1:].replace(",", "").replace(".", "", 1).isdecimal() and cell[0] in "+-"
