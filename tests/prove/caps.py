"""caps.py CAPS_TEXT - compare caps_from_text() and caps_to_text() with libcap's

CAPS_TEXT is the program made from caps_text.c. Ten thousand made-up texts, right and wrong ones, go
through both; the output is TAP. Without libcap the test is skipped.
"""
import ctypes
import random
import subprocess
import sys

try:
    libcap = ctypes.CDLL("libcap.so.2")
except OSError:
    print("ok 1 - capability texts # SKIP no libcap\n1..1")
    sys.exit(0)
libcap.cap_from_text.restype = ctypes.c_void_p
libcap.cap_from_text.argtypes = [ctypes.c_char_p]
libcap.cap_to_text.restype = ctypes.c_void_p
libcap.cap_to_text.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
libcap.cap_to_name.restype = ctypes.c_char_p
libcap.cap_free.argtypes = [ctypes.c_void_p]


def theirs(text):
    sets = libcap.cap_from_text(text.encode())
    if not sets:
        return "-"
    pointer = libcap.cap_to_text(sets, None)
    result = ctypes.string_at(pointer).decode()
    libcap.cap_free(pointer)
    libcap.cap_free(sets)
    return result


names = [libcap.cap_to_name(i).decode() for i in range(41)]
rng = random.Random(1)


def clause():
    kind = rng.random()
    if kind < 0.15:
        heads = [""]
    elif kind < 0.3:
        heads = ["all"]
    else:
        heads = rng.sample(names, rng.choice([1, 1, 2, 3, 20]))
        if rng.random() < 0.1:
            heads.append(str(rng.randrange(64)))
        if rng.random() < 0.03:
            heads.append(rng.choice(["chown", "cap_nope", "64", "", "ALL", "CAP_KILL", "0x3"]))
    text = ",".join(heads)
    for _ in range(rng.choice([1, 1, 1, 2])):
        flags = "".join(rng.sample("eip", rng.randrange(4)))
        text += rng.choice("=+-" if rng.random() < 0.9 else "=x") + flags
    return text


texts = [" ".join(clause() for _ in range(rng.randrange(5))) for _ in range(10000)]
ours = subprocess.run([sys.argv[1]], input="\n".join(texts) + "\n", capture_output=True, text=True,
                      check=True).stdout.split("\n")
wrong = [(t, theirs(t), o) for t, o in zip(texts, ours) if theirs(t) != o]
refused = sum(o == "-" for o in ours)
for text, libcaps, own in wrong[:5]:
    print(f"# {text!r}: libcap {libcaps!r}, ours {own!r}")
bad = "not " if wrong else ""
print(f"{bad}ok 1 - {len(texts)} capability texts, {refused} refused, as libcap")
print("1..1")
sys.exit(1 if wrong else 0)
