"""Small but complete files of the kinds that set-up programs come in, as tests/support/
sample_installers.hpp makes them for the unit tests."""
import struct

PAGE = 512
INSTALLER, PATCH = 0x84, 0x86  # the first byte of the root's class id
END, FREE, TABLE = 0xfffffffe, 0xffffffff, 0xfffffffd
CLASS_REST = bytes.fromhex("100c0000000000c000000000000046")
SUMMARY_FORMAT = bytes.fromhex("e0859ff2f94f6810ab9108002b27b3d9")


def padded(data, unit, fill=b"\0"):
    return data + fill * (-len(data) % unit)


def manifest(name):
    """A program's manifest, which names the tool that made it."""
    return ('<assembly xmlns="urn:schemas-microsoft-com:asm.v1" manifestVersion="1.0">'
            f'<assemblyIdentity type="win32" name="{name}" version="1.0.0.0"/></assembly>').encode()


def pe_program(resources, payload=b"", wide=False):
    """A Windows program of a code and a resource section (PE/COFF), `payload` behind it. `wide`:
    for 64 bits."""
    optional_size, directories = (240, 112) if wide else (224, 96)
    head = bytearray(PAGE)
    head[:2] = b"MZ"
    struct.pack_into("<I", head, 60, 128)
    head[128:132] = b"PE\0\0"
    struct.pack_into("<HH", head, 132, 0x8664 if wide else 0x14c, 2)
    struct.pack_into("<HHH", head, 148, optional_size, 0x102, 0x20b if wide else 0x10b)
    struct.pack_into("<I", head, 152 + directories - 4, 16)
    struct.pack_into("<II", head, 152 + directories + 2 * 8, 0x2000, len(resources))
    content = padded(resources, PAGE)
    for number, (name, address, size, offset) in enumerate((
            (b".text", 0x1000, PAGE, PAGE), (b".rsrc", 0x2000, len(content), 2 * PAGE))):
        struct.pack_into("<8sIIII", head, 152 + optional_size + 40 * number, name, 0, address, size,
                         offset)
    return bytes(head) + b"\xcc" * PAGE + content + payload


def summary_stream(template):
    """A summary information stream ([MS-OLEPS]) with a title and a template."""
    def text(value):
        value = value.encode() + b"\0"
        return padded(struct.pack("<II", 30, len(value)) + value, 4)

    title, first = text("Installation Database"), 8 + 3 * 8
    section = (struct.pack("<IIIIII", 1, first, 2, first + 8, 7, first + 8 + len(title))
               + struct.pack("<II", 2, 1252) + title + text(template))
    section = struct.pack("<II", len(section) + 8, 3) + section
    return (struct.pack("<HHI16sI", 0xfffe, 0, 0x20006, b"", 1) + SUMMARY_FORMAT
            + struct.pack("<I", 48) + section)


def compound_document(class_number, template):
    """The smallest OLE compound document ([MS-CFB]) of an installer or a patch: one sector for the
    mini stream that holds its summary, one each for its table, the directory and their table."""
    def entry(name, kind, start, size, child):
        encoded = name.encode("utf-16-le")
        class_id = bytes([class_number]) + CLASS_REST if kind == 5 else bytes(16)
        return (encoded.ljust(64, b"\0")
                + struct.pack("<HBBIII", len(encoded) + 2, kind, 1, FREE, FREE, child) + class_id
                + bytes(20) + struct.pack("<IQ", start, size))

    summary = summary_stream(template)
    mini = padded(padded(summary, 64), PAGE)
    sectors, used = len(mini) // PAGE, (len(summary) + 63) // 64
    mini_table = struct.pack(f"<{used}I", *range(1, used), END)
    directory = (entry("Root Entry", 5, 0, len(padded(summary, 64)), 1)
                 + entry("\x05SummaryInformation", 2, 0, len(summary), FREE))
    table = struct.pack(f"<{sectors + 3}I", *range(1, sectors), END, END, END, TABLE)
    head = bytearray(PAGE)
    head[:8] = bytes.fromhex("d0cf11e0a1b11ae1")
    struct.pack_into("<HHHHH", head, 24, 0x3e, 3, 0xfffe, 9, 6)
    struct.pack_into("<II", head, 44, 1, sectors + 1)
    struct.pack_into("<IIII", head, 56, 4096, sectors, 1, END)
    struct.pack_into("<109I", head, 76, sectors + 2, *[FREE] * 108)
    return (bytes(head) + mini + padded(mini_table, PAGE, b"\xff") + padded(directory, PAGE)
            + padded(table, PAGE, b"\xff"))
