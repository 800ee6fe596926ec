"""Cuts Omniglot into alphabets to train a backbone on and alphabets that it never sees, as IDX files for `fewshot`.

    python3 tests/Reference/omniglot_split.py FOLDER TARGET --unseen Latin
    python3 tests/Reference/omniglot_split.py FOLDER TARGET --unseen Latin --train Greek,Balinese

FOLDER has images-28x28-idx3-ubyte.gz, character-idx1-short.gz and characters.txt (one `Alphabet/character` a line, in the order of the
labels). Writes TARGET/train (all other alphabets, or those of --train) and one folder TARGET/NAME for each alphabet of --unseen. Each
character of TARGET/train is there four times, turned by 0, 90, 180 and 270 degrees, as four classes: the usual way to have more classes
of Omniglot (Santoro et al. 2016, "One-shot learning with memory-augmented neural networks"). What is unseen is never turned.

The standard library is enough.
"""
import argparse
import gzip
import struct
from pathlib import Path

SIDE = 28


def read(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes())


def turned(image: bytes) -> bytes:
    """By 90 degrees."""
    rows = [image[i * SIDE:(i + 1) * SIDE] for i in range(SIDE)]
    return b"".join(bytes(column) for column in zip(*rows[::-1]))


def write(folder: Path, prefix: str, images: list[bytes], labels: list[int]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    header = struct.pack(">BBBBIII", 0, 0, 8, 3, len(images), SIDE, SIDE)
    (folder / f"{prefix}images-idx3-ubyte").write_bytes(header + b"".join(images))
    header = struct.pack(">BBBBI", 0, 0, 11, 1, len(labels))
    (folder / f"{prefix}labels-idx1-short").write_bytes(header + struct.pack(f">{len(labels)}h", *labels))
    print(f"{folder}: {len(images):,} images of {len(set(labels))} characters")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--unseen", required=True, help="alphabets, with commas between them")
    parser.add_argument("--train", help="alphabets to train on (default: all others)")
    arguments = parser.parse_args()

    alphabets = [line.split("/")[0] for line in (arguments.folder / "characters.txt").read_text().split()]
    pixels = read(arguments.folder / "images-28x28-idx3-ubyte.gz")[16:]
    labels = [value for (value,) in struct.iter_unpack(">h", read(arguments.folder / "character-idx1-short.gz")[8:])]
    images = [pixels[i * SIDE * SIDE:(i + 1) * SIDE * SIDE] for i in range(len(labels))]

    unseen = arguments.unseen.split(",")
    train = arguments.train.split(",") if arguments.train else [name for name in dict.fromkeys(alphabets) if name not in unseen]
    for name in unseen + train:
        if name not in alphabets:
            parser.error(f"no alphabet {name}: expected some of {', '.join(dict.fromkeys(alphabets))}")

    def classes_of(names: list[str]) -> dict[int, int]:
        return {character: i for i, character in enumerate(c for c, name in enumerate(alphabets) if name in names)}

    for name in unseen:
        number = classes_of([name])
        chosen = [i for i, label in enumerate(labels) if label in number]
        write(arguments.target / name, "", [images[i] for i in chosen], [number[labels[i]] for i in chosen])
    number = classes_of(train)
    all_images, all_labels = [], []
    chosen = [i for i, label in enumerate(labels) if label in number]
    turn = [images[i] for i in chosen]
    for quarter in range(4):
        all_images += turn
        all_labels += [number[labels[i]] + quarter * len(number) for i in chosen]
        turn = [turned(image) for image in turn]
    write(arguments.target / "train", "", all_images, all_labels)


if __name__ == "__main__":
    main()
