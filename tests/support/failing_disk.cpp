// A library for LD_PRELOAD: a disk that fails now and then. Calls that write below the folders
// of PULSE2_FAILING_DISK_ROOTS (A:B) fail by ENOSPC or EIO, writes also by taking less than they
// were given, as often as the file PULSE2_FAILING_DISK says: 8 bytes of how many in a million, 8
// bytes that choose which, as the machine has them. A test may change them at any time.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

struct Control {
  std::atomic<std::uint64_t> per_million;
  std::atomic<std::uint64_t> seed;
};

const Control* shared_control() {
  const char* path = std::getenv("PULSE2_FAILING_DISK");
  using Open = int (*)(const char*, int, ...);
  const auto real_open = reinterpret_cast<Open>(dlsym(RTLD_NEXT, "open"));
  const int file = path == nullptr ? -1 : real_open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return nullptr;
  void* memory = mmap(nullptr, sizeof(Control), PROT_READ, MAP_SHARED, file, 0);
  close(file);
  return memory == MAP_FAILED ? nullptr : static_cast<const Control*>(memory);
}

/// SplitMix64: each call of a story draws the next number.
std::uint64_t draw(std::uint64_t seed) {
  static std::atomic<std::uint64_t> counter{0};
  std::uint64_t x = seed + 0x9e3779b97f4a7c15U * ++counter;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

/// 0, or the number of what goes wrong now.
std::uint64_t chance() {
  static const Control* const k_control = shared_control();
  const std::uint64_t often = k_control == nullptr ? 0 : k_control->per_million.load();
  if (often == 0) return 0;
  const std::uint64_t number = draw(k_control->seed.load());
  return number % 1'000'000 < often ? number / 1'000'000 | 1U : 0;
}

bool is_below_root(const std::string& path) {
  static const char* const k_roots = std::getenv("PULSE2_FAILING_DISK_ROOTS");
  std::string_view roots = k_roots == nullptr ? "" : k_roots;
  while (!roots.empty()) {
    const std::string_view root = roots.substr(0, roots.find(':'));
    if (path.starts_with(root)) return true;
    roots.remove_prefix(std::min(roots.size(), root.size() + 1));
  }
  return false;
}

std::string path_of(int fd) {
  std::array<char, 4096> target{};
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t size = readlink(link.c_str(), target.data(), target.size());
  return std::string(target.data(), size < 0 ? 0 : static_cast<std::size_t>(size));
}

/// The path that a name means, as far as it is known to stand below the root.
std::string path_at(int folder, const char* name) {
  constexpr std::string_view k_open_files = "/proc/self/fd/";
  const std::string text = name;
  if (text.starts_with(k_open_files)) {
    return path_of(std::atoi(text.c_str() + k_open_files.size()));
  }
  if (text.starts_with('/') || folder == AT_FDCWD) return text;
  return path_of(folder);
}

bool fails(std::uint64_t number) {
  if (number == 0) return false;
  errno = number % 4 < 2 ? ENOSPC : EIO;
  return true;
}

bool fails_on(int fd) {
  const std::uint64_t number = chance();
  return number != 0 && is_below_root(path_of(fd)) && fails(number);
}

bool fails_at(int folder, const char* name) {
  const std::uint64_t number = chance();
  return number != 0 && is_below_root(path_at(folder, name)) && fails(number);
}

/// What a write takes: less than all, or nothing (0) after errno was set.
std::size_t taken(int fd, std::size_t size) {
  const std::uint64_t number = chance();
  if (number == 0 || !is_below_root(path_of(fd))) return size;
  if (number % 3 == 0 && size > 1) return size / 2;
  (void)fails(number);
  return 0;
}

bool writes(int flags) {
  return (flags & O_ACCMODE) != O_RDONLY;
}

template <class Function>
Function real(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

mode_t mode_argument(int flags, va_list arguments) {
  const bool has_mode = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
  return has_mode ? va_arg(arguments, mode_t) : 0;
}

}  // namespace

// Names as the C library has them, with and without the suffix of large files.
#define FAILING_OPEN(name)                                                             \
  int name(const char* path, int flags, ...) {                                         \
    static const auto k_real = real<int (*)(const char*, int, ...)>(#name);            \
    va_list arguments;                                                                 \
    va_start(arguments, flags);                                                        \
    const mode_t mode = mode_argument(flags, arguments);                               \
    va_end(arguments);                                                                 \
    return writes(flags) && fails_at(AT_FDCWD, path) ? -1 : k_real(path, flags, mode); \
  }
#define FAILING_OPENAT(name)                                                                 \
  int name(int folder, const char* path, int flags, ...) {                                   \
    static const auto k_real = real<int (*)(int, const char*, int, ...)>(#name);             \
    va_list arguments;                                                                       \
    va_start(arguments, flags);                                                              \
    const mode_t mode = mode_argument(flags, arguments);                                     \
    va_end(arguments);                                                                       \
    return writes(flags) && fails_at(folder, path) ? -1 : k_real(folder, path, flags, mode); \
  }
#define FAILING_MKOSTEMP(name)                                   \
  int name(char* path, int flags) {                              \
    static const auto k_real = real<int (*)(char*, int)>(#name); \
    return fails_at(AT_FDCWD, path) ? -1 : k_real(path, flags);  \
  }
#define FAILING_PWRITE(name)                                                              \
  ssize_t name(int fd, const void* bytes, size_t size, off_t offset) {                    \
    static const auto k_real = real<ssize_t (*)(int, const void*, size_t, off_t)>(#name); \
    const std::size_t part = taken(fd, size);                                             \
    return part == 0 && size > 0 ? -1 : k_real(fd, bytes, part, offset);                  \
  }
#define FAILING_FTRUNCATE(name)                                  \
  int name(int fd, off_t size) noexcept {                        \
    static const auto k_real = real<int (*)(int, off_t)>(#name); \
    return fails_on(fd) ? -1 : k_real(fd, size);                 \
  }

extern "C" {

FAILING_OPEN(open)
FAILING_OPEN(open64)
FAILING_OPENAT(openat)
FAILING_OPENAT(openat64)
FAILING_MKOSTEMP(mkostemp)
FAILING_MKOSTEMP(mkostemp64)
FAILING_PWRITE(pwrite)
FAILING_PWRITE(pwrite64)
FAILING_FTRUNCATE(ftruncate)
FAILING_FTRUNCATE(ftruncate64)

ssize_t write(int fd, const void* bytes, size_t size) {
  static const auto k_real = real<ssize_t (*)(int, const void*, size_t)>("write");
  const std::size_t part = taken(fd, size);
  return part == 0 && size > 0 ? -1 : k_real(fd, bytes, part);
}

int fsync(int fd) {
  static const auto k_real = real<int (*)(int)>("fsync");
  return fails_on(fd) ? -1 : k_real(fd);
}

int fdatasync(int fd) {
  static const auto k_real = real<int (*)(int)>("fdatasync");
  return fails_on(fd) ? -1 : k_real(fd);
}

int mkdirat(int folder, const char* name, mode_t mode) noexcept {
  static const auto k_real = real<int (*)(int, const char*, mode_t)>("mkdirat");
  return fails_at(folder, name) ? -1 : k_real(folder, name, mode);
}

int linkat(int from, const char* from_name, int to, const char* to_name, int flags) noexcept {
  static const auto k_real = real<int (*)(int, const char*, int, const char*, int)>("linkat");
  return fails_at(to, to_name) ? -1 : k_real(from, from_name, to, to_name, flags);
}

int rename(const char* from, const char* to) noexcept {
  static const auto k_real = real<int (*)(const char*, const char*)>("rename");
  return fails_at(AT_FDCWD, to) ? -1 : k_real(from, to);
}

int renameat(int from, const char* from_name, int to, const char* to_name) noexcept {
  static const auto k_real = real<int (*)(int, const char*, int, const char*)>("renameat");
  return fails_at(to, to_name) ? -1 : k_real(from, from_name, to, to_name);
}

int renameat2(int from, const char* from_name, int to, const char* to_name,
              unsigned flags) noexcept {
  static const auto k_real =
      real<int (*)(int, const char*, int, const char*, unsigned)>("renameat2");
  return fails_at(to, to_name) ? -1 : k_real(from, from_name, to, to_name, flags);
}

}  // extern "C"
