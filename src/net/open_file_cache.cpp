#include "net/open_file_cache.hpp"

#include <utility>

namespace pulse2::net {

namespace {

constexpr std::chrono::seconds k_lifetime{1};
constexpr std::size_t k_max_files = 512;  // open descriptors of one thread
constexpr std::uint64_t k_small_file = 16 << 10;

bool unchanged(const OpenFile& file) {
  const auto now = os::status_of(file.fd.get(), "open file");
  return now && now->inode == file.status.inode && now->size == file.status.size &&
         now->mtime_ns == file.status.mtime_ns;
}

/// Small files are sent from memory, together with the head.
void read_content(OpenFile& file) {
  file.content.reset();
  if (!file.status.is_regular() || file.status.size > k_small_file) return;
  auto content = std::make_shared<std::string>(file.status.size, '\0');
  const auto size = os::read_at(file.fd.get(), content->data(), content->size(), 0);
  if (size && *size == content->size()) file.content = std::move(content);
}

}  // namespace

OpenFileCache& OpenFileCache::of_this_thread() {
  thread_local OpenFileCache cache;
  return cache;
}

OpenFileCache::Entry OpenFileCache::find(const Key& key) {
  const auto found = m_files.find(key);
  if (found == m_files.end()) return nullptr;
  Kept& kept = found->second;
  if (kept.round == m_round) return kept.file;
  if (Clock::now() - kept.opened >= k_lifetime || !unchanged(*kept.file)) {
    m_files.erase(found);
    return nullptr;
  }
  read_content(*kept.file);
  kept.round = m_round;
  return kept.file;
}

OpenFileCache::Entry OpenFileCache::insert(const Key& key, std::shared_ptr<OpenFile> file) {
  if (m_files.size() >= k_max_files) m_files.clear();
  read_content(*file);
  m_files.insert_or_assign({key.tree, std::string(key.relative)},
                           Kept{file, Clock::now(), m_round});
  return file;
}

void OpenFileCache::expire(Clock::time_point now) {
  std::erase_if(m_files, [&](const auto& each) { return now - each.second.opened >= k_lifetime; });
}

}  // namespace pulse2::net
