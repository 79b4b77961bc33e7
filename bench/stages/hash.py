"""The first hash of a tree of 10,000 packages with 50,000 files of 64 KiB, from start until
everything is served, beside `find | xargs -P$(nproc) md5sum`: as many times as fast."""
import shutil

from bench.support.figures import Figure
from bench.support.starts import drop_page_cache, md5sum_seconds, start
from bench.support.trees import make_tree

PACKAGES, FILE_SIZE = 10000, 64 << 10


def forget(place):
    """Leaves neither hashes nor MD5SUMS of the last start. MD5SUMS are put aside, not deleted: for
    minutes ext4 goes around each inode that was deleted, which is no matter of a first start."""
    shutil.rmtree(place / "state", ignore_errors=True)
    aside = place / "aside"
    aside.mkdir(exist_ok=True)
    for file in (place / "src").glob("*/MD5SUMS"):
        file.rename(aside / str(file.stat().st_ino))


def measure(folder, options):
    make_tree(folder / "src", PACKAGES, size=FILE_SIZE)
    if drop_page_cache():
        yield "cold", compare(folder, options.rounds, "cold", drop_page_cache)
    # The first one fills the page cache.
    md5sum_seconds(folder)
    yield "warm", compare(folder, options.rounds, "warm", lambda: None)


def compare(folder, rounds, kind, prepare):
    ratios = []
    for _ in range(rounds):
        forget(folder)
        prepare()
        ours = start(folder, PACKAGES, kind).complete
        prepare()
        peers = md5sum_seconds(folder)
        print(f"  {'':27} md5sum {peers:6.2f} s", flush=True)
        ratios.append(peers / ours)
    return Figure.of(ratios)
