"""Start time and resident memory.

cold      nothing remembered, page cache dropped (as root), no MD5SUMS: every payload is read
warm      a second start
reboot    a second start with the page cache dropped
migrated  nothing remembered, but MD5SUMS of another server: until everything is served and verified
Times are until the list of getAllPackages has every package, beside `find -printf` of the same tree.
"""
import shutil

from bench.support.figures import Figure
from bench.support.starts import drop_page_cache, find_seconds, start
from bench.support.trees import make_tree


def measure(folder, options):
    if not drop_page_cache():
        print("  not root: the page cache stays, cold starts look better than they are")
    for packages in options.packages:
        place = folder / str(packages)
        place.mkdir()
        make_tree(place / "src", packages)
        drop_page_cache()
        start(place, packages, "cold")
        warm = [(start(place, packages, "warm"), find_seconds(place))
                for _ in range(options.rounds)]
        yield f"{packages} warm", Figure.of([ours.complete for ours, _ in warm])
        yield f"{packages} warm/find", Figure.of([ours.complete / find for ours, find in warm])
        yield f"{packages} resident", Figure.of([ours.resident for ours, _ in warm])
        yield f"{packages} reboot/find", Figure.of(
            [after_reboot(place, packages) for _ in range(options.rounds)])
        shutil.rmtree(place)
        place.mkdir()
        make_tree(place / "src", packages, migrated=True)
        start(place, packages, "migrated")
        shutil.rmtree(place)


def after_reboot(place, packages):
    drop_page_cache()
    ours = start(place, packages, "reboot").complete
    drop_page_cache()
    return ours / find_seconds(place)
