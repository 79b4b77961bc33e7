"""How start, memory and list grow from 10,000 packages to 100,000, with 10 files each."""
import shutil

from bench.support.figures import Figure
from bench.support.starts import start
from bench.support.trees import make_tree

SIZES = (10_000, 100_000)
FILES = 10


def measure(folder, options):
    small, large = (starts(folder / str(packages), packages, options.rounds)
                    for packages in SIZES)
    for name in ("complete", "resident", "listing"):
        ratios = [getattr(one, name) / getattr(other, name) for one, other in zip(large, small)]
        yield name, Figure.of(ratios)


def starts(place, packages, rounds):
    """Second starts over a tree that is hashed."""
    place.mkdir()
    make_tree(place / "src", packages, FILES)
    start(place, packages, "first")
    found = [start(place, packages, "warm") for _ in range(rounds)]
    shutil.rmtree(place)
    return found
