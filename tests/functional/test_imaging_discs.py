"""Restoration discs, made by the real genisoimage and read by isoinfo."""
import os
import pathlib
import shutil
import signal
import subprocess
import unittest

from tests.support.daemon import is_running
from tests.support.imaging import CONFIGURATION, IMAGE, ImagingTest, fill_image
from tests.support.server import wait_until

TOOLS = all(shutil.which(tool) for tool in ("genisoimage", "isoinfo"))
BOOT_FILES = {"boot/grub/menu.lst", "initrd", "grub.cdrom", "bzImage", "boot.catalog"}
NEEDED = {"conf.txt", "size.txt", "PTABS", "CONF"}


def isoinfo(disc, *arguments):
    done = subprocess.run(["isoinfo", "-R", "-i", str(disc), *arguments], capture_output=True,
                          check=True, timeout=60)
    return done.stdout


def names_on(disc):
    """The files of a disc, with their Rock Ridge names."""
    paths = isoinfo(disc, "-f").decode().splitlines()
    return {path[1:] for path in paths} - {"boot", "boot/grub"}


def header(disc):
    """What the disc says of itself: `Volume id` and the like."""
    lines = isoinfo(disc, "-d").decode().splitlines()
    return dict(line.split(": ", 1) for line in lines if ": " in line)


def is_failure(answer):
    return isinstance(answer, dict) and "faultCode" in answer


class DiscTest(ImagingTest):
    """A server with one image, and the discs that it makes."""

    configuration = CONFIGURATION.replace("[daemon]\n", "[daemon]\numask = 0027\n")
    image = {"PTABS": b"\0" * 512}

    @classmethod
    def make_tree(cls, src):
        super().make_tree(src)
        cls.isos = cls.base / "isos"
        cls.master = cls.base / "masters" / IMAGE
        cls.master.mkdir()
        fill_image(cls.master, **cls.image)
        # As long as a boot loader's table of 56 bytes, which generators write into it.
        (cls.base / "bootloader" / "cdrom_boot").write_bytes(bytes(range(200)))

    def make(self, title, size=700_000_000, image=IMAGE):
        """Asks for a disc and waits until all of its volumes are there; their paths."""
        begin = len(self.server.log())
        self.assertIs(True, self.api.imagingServerISOCreate(image, size, title))

        def over():
            log = self.server.log()[begin:]
            self.assertNotIn("imaging.iso.failed", log)
            return [line for line in log.splitlines() if "imaging.iso.done" in line]
        wait_until(over, f"{title} is made")
        wait_until(lambda: not self.leftovers(), "what it was made of is gone")
        lines = over()
        return [pathlib.Path(line.partition("imaging.iso.done: ")[2].removesuffix(" is ready"))
                for line in lines]

    def leftovers(self):
        return [path.name for path in self.isos.iterdir() if path.suffix != ".iso"]


@unittest.skipUnless(TOOLS, "genisoimage or isoinfo is missing")
class Discs(DiscTest):
    """What is on the discs."""

    image = {"PTABS": b"\1" * 3000, "P1000": os.urandom(150_000), "P1001": b"small",
             "P2000": os.urandom(40_000), "P2001": os.urandom(45_000), "size0800.txt": "1",
             "log.txt": "all is well\n"}

    @classmethod
    def make_tree(cls, src):
        super().make_tree(src)
        # Only plain files go in.
        (cls.master / "postinst.d").mkdir()
        (cls.master / "postinst.d" / "01_postinst").write_text("no")
        (cls.master / "link").symlink_to("/etc/passwd")
        os.mkfifo(cls.master / "fifo")

    def data_files(self):
        return {path.name for path in self.master.iterdir()
                if path.is_file() and not path.is_symlink()} - NEEDED

    def check_content(self, disc, names):
        for name in names:
            self.assertEqual((self.master / name).read_bytes(), isoinfo(disc, "-x", f"/{name}"), name)

    def test_one_volume(self):
        disc, = self.make("Image ISO")
        self.assertEqual(self.isos / "Image ISO-1.iso", disc)
        # As [daemon] umask says.
        self.assertEqual(0o640, disc.stat().st_mode & 0o777)
        self.assertEqual(BOOT_FILES | NEEDED | self.data_files(), names_on(disc))
        self.check_content(disc, NEEDED | self.data_files())
        said = header(disc)
        self.assertEqual(("Image ISO", "Pulse 2 Imaging Server"),
                         (said["Volume id"], said["Application id"]))
        self.check_boot_files(disc)

    def check_boot_files(self, disc):
        self.assertIn(b"Eltorito defaultboot header", isoinfo(disc, "-d"))
        self.assertEqual(b"fake initrd\nfake initrdcd\n", isoinfo(disc, "-x", "/initrd"))
        self.assertEqual(b"fake kernel\n", isoinfo(disc, "-x", "/bzImage"))
        self.assertEqual(b"color 6/0\ndefault 0\ntitle Local Hard Disk / Disque Dur Local\n"
                         b"desc Boot on the 1st local HD\nroot (hd0)\nchainloader +1\n"
                         b"title Image ISO\ndesc (Mon Mar  8 09:00:09 2010)\n"
                         b"kernel (cd)/bzImage revorestorenfs revosavedir=/cdrom quiet revonospc\n"
                         b"initrd (cd)/initrd\n", isoinfo(disc, "-x", "/boot/grub/menu.lst"))
        loader = isoinfo(disc, "-x", "/grub.cdrom")
        ours = (self.base / "bootloader" / "cdrom_boot").read_bytes()
        # The table is in the disc's copy, and the file of the next discs stays as it was.
        self.assertEqual(bytes(range(200)), ours)
        self.assertEqual((ours[:8], ours[64:]), (loader[:8], loader[64:]))
        self.assertNotEqual(ours[8:64], loader[8:64])

    def test_several_volumes(self):
        discs = self.make("Été à Tōkyō", "100000")
        self.assertEqual([f"Été à Tōkyō-{n}.iso" for n in range(1, len(discs) + 1)],
                         [disc.name for disc in discs])
        held = [names_on(disc) for disc in discs]
        self.assertEqual("Été à Tōkyō", header(discs[0])["Volume id"])
        self.assertEqual(BOOT_FILES | NEEDED, held[0] & (BOOT_FILES | NEEDED))
        found = []
        for disc, names in zip(discs, held):
            data = names - BOOT_FILES - NEEDED
            found += sorted(data)
            self.check_content(disc, data)
            size = sum((self.master / name).stat().st_size for name in data)
            self.assertTrue(size <= 100_000 or len(data) == 1, (disc, data))
        self.assertEqual(sorted(self.data_files()), sorted(found))
        # What is larger than a volume has one of its own.
        self.assertIn({"P1000"}, held)
        menu = isoinfo(discs[0], "-x", "/boot/grub/menu.lst")
        self.assertIn("\ntitle Été à Tokyo\n".encode("cp437"), menu)

    def test_the_next_free_name(self):
        first, = self.make("twice")
        content = first.read_bytes()
        second, = self.make("twice")
        third, = self.make("twice")
        self.assertEqual(["twice-1.iso", "twice-2-1.iso", "twice-3-1.iso"],
                         [disc.name for disc in (first, second, third)])
        self.assertEqual(content, first.read_bytes())

    def test_a_name_of_one_volume_that_is_taken(self):
        taken = self.isos / "taken-2.iso"
        taken.write_text("mine")
        discs = self.make("taken", 100_000)
        self.assertEqual([f"taken-2-{n}.iso" for n in range(1, len(discs) + 1)],
                         [disc.name for disc in discs])
        self.assertEqual("mine", taken.read_text())
        self.assertFalse((self.isos / "taken-1.iso").exists())
        for disc in discs[1:]:
            self.check_content(disc, names_on(disc))

    def test_a_long_title(self):
        disc, = self.make("é" * 60)
        self.assertEqual("é" * 16, header(disc)["Volume id"])

    def test_names_that_mean_something_to_the_generator(self):
        image = "302c19d2-212b-4b9a-b04e-4fced0b83467"
        folder = self.base / "masters" / image
        folder.mkdir()
        self.addCleanup(shutil.rmtree, folder)
        odd = {"a=b": b"1", "c\\d": b"2", "-o": b"3", "e==": b"4", "f ": b"5"}
        fill_image(folder, **odd)
        disc, = self.make("=odd title -o", image=image)
        self.assertEqual("=odd title -o-1.iso", disc.name)
        for name, content in odd.items():
            self.assertEqual(content, isoinfo(disc, "-x", f"/{name}"), name)

    def test_without_partition_tables(self):
        image = "302c19d2-212b-4b9a-b04e-4fced0b83468"
        folder = self.base / "masters" / image
        folder.mkdir()
        self.addCleanup(shutil.rmtree, folder)
        fill_image(folder)
        disc, = self.make("no tables", image=image)
        self.assertNotIn("PTABS", names_on(disc))


@unittest.skipUnless(TOOLS, "genisoimage or isoinfo is missing")
class Progress(DiscTest):
    """A large disc tells how far it is; another generator is taken when the named one is absent."""

    image = {"P1000": b"\0" * 60_000_000}
    configuration = DiscTest.configuration + "isogen_tool = /nonexistent/mkisofs\n"

    def test_progress_is_logged(self):
        disc, = self.make("large")
        self.assertGreater(disc.stat().st_size, 60_000_000)
        self.assertRegex(self.server.log(), r"imaging\.iso\.begun: .*'large'")
        self.assertRegex(self.server.log(), r"imaging\.iso\.progress: large-1\.iso: \d0? %|"
                                            r"imaging\.iso\.progress: large-1\.iso: \d+ %")
        self.assertIn("/nonexistent/mkisofs is absent: genisoimage is used", self.server.log())


class OddGenerators(DiscTest):
    """Generators that fail or never end."""

    configuration = DiscTest.configuration + "isogen_tool = @FOLDER@/generator\n"

    def generator(self, text):
        path = self.folder / "generator"
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)

    def slow_generator(self):
        """One that begins a disc and then waits for ever; its process number once it runs."""
        mark = self.folder / "running"
        mark.unlink(missing_ok=True)
        self.generator('while [ "$1" != -o ]; do shift; done\necho half >"$2"\n'
                       f'echo $$ >"{mark}.new"; mv "{mark}.new" "{mark}"\nexec sleep 1000\n')
        self.assertIs(True, self.api.imagingServerISOCreate(IMAGE, 700_000_000, "slow"))
        wait_until(mark.exists, "the generator runs")
        return int(mark.read_text())

    def test_one_that_fails(self):
        self.generator("echo it broke >&2\nexit 3\n")
        self.assertIs(True, self.api.imagingServerISOCreate(IMAGE, 700_000_000, "broken"))
        wait_until(lambda: "imaging.iso.failed: 'broken'" in self.server.log(), "it is logged")
        self.assertRegex(self.server.log(), r"'broken'.* status 3 \(it broke\)")
        wait_until(lambda: os.listdir(self.isos) == [], "nothing is left")

    def test_a_stop_ends_it(self):
        pid = self.slow_generator()
        self.assertEqual(0, self.server.stop())
        wait_until(lambda: not is_running(pid), "the generator has ended")
        self.assertEqual([], os.listdir(self.isos))
        self.server.start()

    def test_a_crash_leaves_nothing(self):
        pid = self.slow_generator()
        self.assertNotEqual([], os.listdir(self.isos))
        self.server.kill()
        os.kill(pid, signal.SIGKILL)
        self.server.start()
        self.assertEqual([], os.listdir(self.isos))


class FullDisk(DiscTest):
    """Discs for which there is no room."""

    image = {"P1000": b"x" * 3_000_000}

    @classmethod
    def make_tree(cls, src):
        super().make_tree(src)
        cls.isos.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(cls.isos)],
                              capture_output=True, check=False)
        if done.returncode != 0:
            raise unittest.SkipTest("a small file system can't be mounted here")
        cls.addClassCleanup(subprocess.run, ["umount", "-l", str(cls.isos)], check=False)

    def test_figures_are_told_at_once(self):
        ballast = self.isos / "ballast.iso"
        wait_until(lambda: not self.leftovers(), "an earlier attempt is gone")
        ballast.write_bytes(b"x" * 2_000_000)
        answer = self.api.imagingServerISOCreate(IMAGE, 700_000_000, "no room")
        ballast.unlink()
        self.assertTrue(is_failure(answer), answer)
        self.assertIn("no_space: the disc needs 2.9 MiB, 2.1 MiB are free", answer["faultCode"])

    @unittest.skipUnless(TOOLS, "genisoimage or isoinfo is missing")
    def test_a_disk_that_fills_up(self):
        # The boot files count too: they are what does not fit.
        kernel = self.base / "diskless" / "kernel"
        kernel.write_bytes(b"k" * 2_000_000)
        self.assertIs(True, self.api.imagingServerISOCreate(IMAGE, 700_000_000, "no room"))
        wait_until(lambda: "imaging.iso.failed" in self.server.log(), "the failure is logged")
        wait_until(lambda: os.listdir(self.isos) == [], "nothing is left")
        kernel.write_bytes(b"k")
        disc, = self.make("room")
        self.assertEqual("room-1.iso", disc.name)
        disc.unlink()
