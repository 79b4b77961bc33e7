"""Clients that change packages at random, remembering what was acknowledged, and a look at whether
a server and its disk hold exactly that."""
import base64
import collections
import http.client
import random
import threading
import xmlrpc.client

from tests.support.packages import md5_hex, md5sums, record_on_disk

MOUNT = "/put"
SHARED = "shared"
GONE = (OSError, http.client.HTTPException, xmlrpc.client.ProtocolError)
MOST_PACKAGES = 6  # of one client

# What a package is: `files` is a tuple of (name, MD5), sorted.
State = collections.namedtuple("State", "label files waits")


def is_refusal(answer):
    return ((isinstance(answer, dict) and "faultCode" in answer)
            or (isinstance(answer, list) and answer[:1] == [False]))


class Client(threading.Thread):
    """Works on packages of its own, and puts its file into the one that all clients share."""

    def __init__(self, server, number, seed, steps=1_000_000):
        super().__init__()
        self.api = server.proxy(MOUNT)
        self.name = f"client{number}"
        self.random = random.Random(f"{seed} {number}")
        self.prefix = f"{self.name}-{seed}"
        self.steps = steps
        self.made = 0          # names given so far
        self.calls = 0         # answered ones
        self.refusals = []     # (subject, answer)
        self.packages = {}     # pid -> State as acknowledged, None for a dropped one
        self.uncertain = {}    # pid -> what an unanswered call may have made of it
        self.uploads = {}      # folder -> {file: content} as acknowledged
        self.unsure = {}       # folder -> {file: content}, any of which may be there
        self.shared = None     # MD5 of our file in the shared package
        self.shared_unsure = None

    def run(self):
        try:
            for _ in range(self.steps):
                self.step()
        except GONE:
            pass

    def new_name(self):
        self.made += 1
        return f"{self.prefix}-{self.made}"

    def step(self):
        live = [pid for pid, state in self.packages.items() if state]
        if not live or (len(live) < MOST_PACKAGES and self.random.random() < 0.2):
            return self.create()
        pid = self.random.choice(live)
        kinds = [self.add, self.add, self.edit, self.remove, self.drop, lambda _: self.share()]
        return self.random.choice(kinds)(pid)

    def call(self, subject, method, *arguments):
        """False when the call was refused."""
        answer = getattr(self.api, method)(*arguments)
        self.calls += 1
        if is_refusal(answer):
            self.refusals.append((subject, answer))
            return False
        return True

    def change(self, pid, after, method, *arguments):
        self.uncertain[pid] = (self.packages.get(pid), after)
        done = self.call(pid, method, *arguments)
        del self.uncertain[pid]
        if done:
            self.packages[pid] = after
        return done

    def create(self):
        pid, waits = self.new_name(), self.random.random() < 0.5
        self.change(pid, State(pid, (), waits), "putPackageDetail", {"id": pid, "label": pid}, waits)

    def edit(self, pid):
        label = f"label {self.random.random()}"
        after = self.packages[pid]._replace(label=label)
        if self.random.random() < 0.5:
            self.change(pid, after, "putPackageLabel", pid, label)
        else:
            self.change(pid, after, "putPackageDetail", {"id": pid, "label": label}, True)

    def remove(self, pid):
        files = self.packages[pid].files
        if not files:
            return
        gone = self.random.sample(files, self.random.randint(1, min(2, len(files))))
        after = self.packages[pid]._replace(files=tuple(f for f in files if f not in gone))
        self.change(pid, after, "removeFilesFromPackage", pid, [name for name, _ in gone])

    def drop(self, pid):
        if self.random.random() < 0.5:
            self.change(pid, None, "dropPackage", pid)

    def push(self, names):
        """Uploads files of these names into a new folder, whose name is answered."""
        folder = self.new_name()
        files = {}
        for name in names:
            small = self.random.random() < 0.8
            files[name] = self.random.randbytes(self.random.randrange(3000 if small else 400_000))
        self.unsure[folder] = files
        sent = [{"filename": name, "filebinary": base64.b64encode(content).decode()}
                for name, content in files.items()]
        if not self.call(folder, "pushPackage", folder, sent, False):
            del self.unsure[folder]
            return None
        self.uploads[folder] = self.unsure.pop(folder)
        return folder

    def associate(self, pid, folder, level, after):
        """Sends the whole folder; while no answer comes, nothing is known of what is left of it."""
        self.unsure[folder] = self.uploads.pop(folder)
        if self.change(pid, after, "associatePackages", pid, [folder], level):
            del self.unsure[folder]
        else:
            self.uploads[folder] = self.unsure.pop(folder)

    def add(self, pid):
        names = self.random.sample(["setup.exe", "data.bin", "read me é.txt", "a"],
                                   self.random.randint(1, 3))
        folder = self.push(names)
        if folder is None:
            return
        level = self.random.randint(0, 1)
        files = dict(self.packages[pid].files)
        for name, content in self.uploads[folder].items():
            files[name if level else f"{folder}/{name}"] = md5_hex(content)
        after = State(self.packages[pid].label, tuple(sorted(files.items())), False)
        self.associate(pid, folder, level, after)

    def share(self):
        folder = self.push([self.name])
        if folder is None:
            return
        fresh = md5_hex(self.uploads[folder][self.name])
        self.shared_unsure = fresh
        self.unsure[folder] = self.uploads.pop(folder)
        done = self.call(SHARED, "associatePackages", SHARED, [folder], 1)
        self.shared_unsure = None
        if done:
            self.shared = fresh
            del self.unsure[folder]
        else:
            self.uploads[folder] = self.unsure.pop(folder)


class Story:
    """Several clients on one server, over as many of its lives as wanted. `test` is the TestCase
    that asserts; `folder` holds src and upload."""

    def __init__(self, test, server, clients):
        self.test = test
        self.server = server
        self.src, self.upload = test.folder / "src", test.folder / "upload"
        self.clients = clients
        self.packages, self.uploads, self.shared = {}, {}, {}
        server.proxy(MOUNT).putPackageDetail({"id": SHARED, "label": SHARED}, False)

    def begin(self, seed, steps=1_000_000):
        """Starts the clients of one life; they go on from what the last ones left."""
        clients = [Client(self.server, number, seed, steps) for number in range(self.clients)]
        for client in clients:
            mine = f"{client.name}-"
            client.packages = {p: s for p, s in self.packages.items() if p.startswith(mine) and s}
            client.uploads = {f: c for f, c in self.uploads.items() if f.startswith(mine)}
            client.shared = self.shared.get(client.name)
            client.start()
        return clients

    def check(self, clients, where, undecided=frozenset()):
        """Everything acknowledged is there, what was not is there whole or not at all. `where` is
        named by failures; `undecided`: packages that a failed call changed and could not take back,
        of which nothing is known any more."""
        try:
            self.check_all(clients, undecided)
        except AssertionError as failure:
            raise AssertionError(f"{where}: {failure}") from failure

    def check_all(self, clients, undecided):
        api = self.server.proxy(MOUNT)
        self.visible = {record["id"]: record for record in api.getAllPackages()}
        self.pending = {record["id"]: record for record in api.getAllPendingPackages()}
        for client in clients:
            for pid in {*client.packages, *client.uncertain}:
                if pid in undecided:
                    self.packages.pop(pid, None)
                    continue
                states = client.uncertain.get(pid, (client.packages.get(pid),))
                self.packages[pid] = self.state_of(pid)
                self.test.assertIn(self.packages[pid], states, pid)
            self.check_uploads(client)
            self.check_shared(client, undecided)
        on_disk = {path.name for path in self.src.iterdir() if not path.name.startswith(".")}
        self.test.assertEqual(on_disk - undecided, {*self.visible, *self.pending} - undecided)
        if not undecided:
            self.check_litter()

    def state_of(self, pid):
        """What a package is on the disk, which must be what is answered; None when it is gone."""
        folder = self.src / pid
        if not folder.exists():
            self.test.assertNotIn(pid, {**self.visible, **self.pending})
            return None
        content = {path.relative_to(folder).as_posix(): path.read_bytes()
                   for path in folder.rglob("*")
                   if path.is_file() and path.name not in ("conf.xml", "MD5SUMS")}
        self.test.assertEqual(md5sums(content), (folder / "MD5SUMS").read_bytes(), pid)
        waits = pid in self.pending
        record = {**(self.pending if waits else self.visible)[pid]}
        self.test.assertEqual("association" if waits else None, record.pop("why", None), pid)
        self.test.assertEqual(record_on_disk(self.src, pid), record, pid)
        files = tuple(sorted((name, md5_hex(data)) for name, data in content.items()))
        return State(record["label"], files, waits)

    def check_uploads(self, client):
        for folder, files in client.uploads.items():
            found = {path.name: path.read_bytes() for path in (self.upload / folder).iterdir()}
            self.test.assertEqual(files, found, folder)
            self.uploads[folder] = files
        for folder, files in client.unsure.items():
            path = self.upload / folder
            found = {file.name: file.read_bytes() for file in path.iterdir()} if path.exists() else {}
            self.test.assertLessEqual(set(found.items()), set(files.items()), folder)
        for folder in set(self.uploads) - set(client.uploads):
            if folder.startswith(f"{client.name}-"):
                del self.uploads[folder]

    def check_shared(self, client, undecided):
        """Each client's file in the shared package is the last one that it was told of."""
        file = self.src / SHARED / client.name
        found = md5_hex(file.read_bytes()) if file.exists() else None
        if SHARED not in undecided:
            self.state_of(SHARED)
            possible = {client.shared, client.shared_unsure or client.shared}
            self.test.assertIn(found, possible, client.name)
        self.shared[client.name] = found

    def check_litter(self):
        staging = self.src / ".pulse2-staging"
        litter = [*self.test.folder.rglob(".pulse2-tmp.*"),
                  *(staging.iterdir() if staging.exists() else ())]
        self.test.assertEqual([], litter)
