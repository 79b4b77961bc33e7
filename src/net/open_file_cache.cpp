#include "net/open_file_cache.hpp"

#include <utility>

namespace pulse2::net {

namespace {

constexpr std::chrono::seconds k_lifetime{1};
constexpr std::size_t k_max_files = 512;  // open descriptors of one thread

bool unchanged(const OpenFile& file) {
  const auto now = os::status_of(file.fd.get(), "open file");
  return now && now->inode == file.status.inode && now->size == file.status.size &&
         now->mtime_ns == file.status.mtime_ns;
}

}  // namespace

OpenFileCache& OpenFileCache::of_this_thread() {
  thread_local OpenFileCache cache;
  return cache;
}

OpenFileCache::Entry OpenFileCache::find(const std::string& key, Clock::time_point now) {
  const auto found = m_files.find(key);
  if (found == m_files.end()) return nullptr;
  if (now - found->second.opened < k_lifetime && unchanged(*found->second.file)) {
    return found->second.file;
  }
  m_files.erase(found);
  return nullptr;
}

void OpenFileCache::insert(const std::string& key, Entry file, Clock::time_point now) {
  if (m_files.size() >= k_max_files) m_files.clear();
  m_files[key] = {std::move(file), now};
}

void OpenFileCache::expire(Clock::time_point now) {
  std::erase_if(m_files, [&](const auto& each) { return now - each.second.opened >= k_lifetime; });
}

}  // namespace pulse2::net
