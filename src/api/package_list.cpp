#include "api/package_list.hpp"

#include <string>
#include <string_view>
#include <utility>

#include "catalog/gzip.hpp"
#include "xmlrpc/encode.hpp"

namespace pulse2::api {
namespace {

/// Bytes of records: more are put together on the pool, and kept.
constexpr std::uint64_t k_at_once = 64U << 10U;
/// Bytes of records up to which a list is put together; longer ones are made while they are sent. A
/// list of 600 MB takes 0.24 s so, and 64 KiB of memory; put together it took 0.65 s the first
/// time, 0.14 from then on, and 600 MB. One of 60 MB: 0.02 s; 0.05, 0.01 and 60 MB.
constexpr std::uint64_t k_longest_together = 16U << 20U;
/// Bytes that put-together lists may take, all that are still being sent included. What is beyond
/// is made while it is sent, or of shared pieces where it is compressed.
constexpr std::uint64_t k_most_together = 256U << 20U;
/// Bytes of a list that are made at a time.
constexpr std::size_t k_part = 64U << 10U;
/// Bytes that are written to a file at a time.
constexpr std::size_t k_write_size = 256U << 10U;

std::atomic<std::uint64_t> bytes_together{0};

std::string before_list() {
  return std::string(xmlrpc::k_response_prefix) += xmlrpc::k_array_prefix;
}

std::string after_list() {
  return std::string(xmlrpc::k_array_suffix) += xmlrpc::k_response_suffix;
}

std::string plain_text(const PackageList::Packages& packages, std::uint64_t size) {
  std::string text = before_list();
  const std::string end = after_list();
  text.reserve(text.size() + size + end.size() + 64);
  for (const auto& package : packages)
    package->fragment->append_to(text);
  return text += end;
}

/// The whole answer, made as it is sent.
class ListText final : public http::TextSource {
 public:
  ListText(std::shared_ptr<const PackageList::Packages> packages, std::uint64_t size)
      : m_packages(std::move(packages)),
        m_size(before_list().size() + size + after_list().size()) {}

  [[nodiscard]] std::uint64_t size() const noexcept override { return m_size; }

  void append_next(std::string& out) override {
    if (m_is_complete) return;
    const auto enough = out.size() + k_part;
    if (m_next == 0) out += before_list();
    while (m_next < m_packages->size() && out.size() < enough)
      (*m_packages)[m_next++]->fragment->append_to(out);
    m_is_complete = m_next == m_packages->size();
    if (m_is_complete) out += after_list();
  }

 private:
  std::shared_ptr<const PackageList::Packages> m_packages;
  std::uint64_t m_size;
  std::size_t m_next = 0;
  bool m_is_complete = false;
};

http::SharedBody compressed_pieces(const PackageList::Packages& packages) {
  catalog::GzipJoiner joiner;
  joiner.add_plain(before_list());
  for (const auto& package : packages) {
    const auto& fragment = package->fragment;
    joiner.add({fragment, &fragment->deflated()});
  }
  joiner.add_plain(after_list());
  return {joiner.finish()};
}

}  // namespace

/// An answer that was put together, and its share of what all of them may take.
class PackageList::File {
 public:
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { bytes_together -= m_room; }

  /// Both are null when there is no room.
  static FilePointer of(const Packages& packages, std::uint64_t size) {
    const auto file = create(size);
    if (!file) return nullptr;
    file->m_buffer = before_list();
    for (const auto& package : packages) {
      package->fragment->append_to(file->m_buffer);
      if (!file->write_if_larger(k_write_size)) return nullptr;
    }
    file->m_buffer += after_list();
    return file->finish() ? file : nullptr;
  }
  static FilePointer of(const http::SharedBody& pieces) {
    std::uint64_t size = 0;
    for (const auto& piece : pieces.buffers)
      size += piece->size();
    const auto file = create(size);
    if (!file) return nullptr;
    for (const auto& piece : pieces.buffers) {
      file->m_buffer += *piece;
      if (!file->write_if_larger(k_write_size)) return nullptr;
    }
    return file->finish() ? file : nullptr;
  }

  static http::FileBody body_of(const FilePointer& file) {
    http::FileBody body;
    body.fd = file->m_memory->fd();
    body.parts.push_back({{}, 0, file->m_memory->size()});
    body.owner = file;
    return body;
  }

 private:
  explicit File(std::uint64_t room) : m_room(room) {}

  static std::shared_ptr<File> create(std::uint64_t size) {
    const std::uint64_t room = os::MemoryFile::size_in_huge_pages(size);
    std::shared_ptr<File> file(new File(room));
    const std::uint64_t others = bytes_together.fetch_add(room);
    if (others > 0 && others + room > k_most_together) return nullptr;
    auto memory = os::MemoryFile::create("packages");
    if (!memory) return nullptr;
    file->m_memory.emplace(std::move(*memory));
    return file;
  }

  bool write_if_larger(std::size_t most) {
    if (m_buffer.size() <= most) return true;
    const bool is_written = m_memory->append(m_buffer).has_value();
    m_buffer.clear();
    return is_written;
  }

  bool finish() {
    const bool is_written = write_if_larger(0);
    m_buffer = {};
    // Larger ones are asked for too seldom to earn it back.
    if (is_written && m_memory->size() <= k_longest_together) m_memory->use_huge_pages();
    return is_written;
  }

  std::uint64_t m_room;
  std::optional<os::MemoryFile> m_memory;
  std::string m_buffer;  ///< what is not written yet
};

PackageList::PackageList(Packages packages, std::weak_ptr<PackageListCache> cache)
    : m_packages(std::make_shared<const Packages>(std::move(packages))), m_cache(std::move(cache)) {
  for (const auto& package : *m_packages)
    m_plain_size += package->fragment->size();
}

PackageList::FilePointer PackageList::file(bool gzip) const {
  const std::lock_guard lock(m_mutex);
  return m_files[gzip ? 1 : 0];
}

std::optional<http::Body> PackageList::body_at_once(bool gzip) const {
  if (m_plain_size <= k_at_once) {
    if (gzip) return compressed_pieces(*m_packages);
    return plain_text(*m_packages, m_plain_size);
  }
  const auto present = file(gzip);
  if (!present) return std::nullopt;
  return File::body_of(present);
}

http::Body PackageList::body(bool gzip) const {
  if (auto present = body_at_once(gzip)) return std::move(*present);
  if (const auto made = put_together(gzip)) {
    const std::lock_guard lock(m_mutex);
    m_files[gzip ? 1 : 0] = made;
    return File::body_of(made);
  }
  if (gzip) return compressed_pieces(*m_packages);
  return http::StreamedBody{std::make_shared<ListText>(m_packages, m_plain_size)};
}

PackageList::FilePointer PackageList::put_together(bool gzip) const {
  if (!gzip && m_plain_size > k_longest_together) return nullptr;
  return gzip ? File::of(compressed_pieces(*m_packages)) : File::of(*m_packages, m_plain_size);
}

bool PackageListCache::is_of(const SnapshotPointer& snapshot, std::uint64_t version) const {
  return m_list && m_version == version && snapshot && m_snapshot.lock() == snapshot;
}

PackageListPointer PackageListCache::find(const SnapshotPointer& snapshot, std::uint64_t version) {
  const std::lock_guard lock(m_mutex);
  if (!is_of(snapshot, version)) return nullptr;
  m_is_used = true;
  return m_list;
}

PackageListPointer PackageListCache::keep(const SnapshotPointer& snapshot, std::uint64_t version,
                                          PackageList::Packages packages) {
  auto list = std::make_shared<const PackageList>(std::move(packages), weak_from_this());
  const std::lock_guard lock(m_mutex);
  m_is_used = true;
  // Of threads that made it at the same time the first counts.
  if (is_of(snapshot, version)) return m_list;
  m_snapshot = snapshot;
  m_version = version;
  m_list.swap(list);  // the old one is freed after the lock
  return m_list;
}

bool PackageListCache::forget_unused() {
  PackageListPointer unused;  // freed after the lock
  const std::lock_guard lock(m_mutex);
  if (std::exchange(m_is_used, false)) return true;
  m_list.swap(unused);
  m_snapshot.reset();
  m_is_forgetting = false;
  return false;
}

}  // namespace pulse2::api
