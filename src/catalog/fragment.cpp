#include "catalog/fragment.hpp"

#include <memory>

#include "base/text_packer.hpp"
#include "package/record.hpp"

namespace pulse2::catalog {

namespace {

/// What records have in common is the names of their members.
std::string sample_record() {
  package::Package package;
  package.reboot = "0";
  package.associateinventory = "0";
  const package::FileEntry file{"name", "/folder", std::string(32, '0')};
  return package::render_record(package, {file, file}, 0, "/folder");
}

const base::TextPacker& packer() {
  static const base::TextPacker k_packer(sample_record());
  return k_packer;
}

}  // namespace

Fragment::Fragment(std::string_view text) : m_packed(packer().pack(text)), m_size(text.size()) {}

Fragment::~Fragment() {
  delete m_deflated.load(std::memory_order_acquire);
}

void Fragment::append_to(std::string& out) const {
  packer().unpack(m_packed, m_size, out);
}

std::string Fragment::text() const {
  std::string text;
  append_to(text);
  return text;
}

const DeflatedPiece& Fragment::deflated() const {
  const DeflatedPiece* present = m_deflated.load(std::memory_order_acquire);
  if (present != nullptr) return *present;
  auto made = std::make_unique<const DeflatedPiece>(deflate_piece(text()));
  // Of threads that made it at the same time the first counts.
  if (m_deflated.compare_exchange_strong(present, made.get(), std::memory_order_acq_rel)) {
    return *made.release();
  }
  return *present;
}

}  // namespace pulse2::catalog
