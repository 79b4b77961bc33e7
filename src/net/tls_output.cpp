#include "net/tls_output.hpp"

namespace pulse2::net {

namespace {

int append(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  if (size > 0) tls_output().append(bytes, static_cast<std::size_t>(size));
  return size;
}

long control(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

int create(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

const BIO_METHOD* output_method() {
  static const BIO_METHOD* const k_method = [] {
    auto* made = BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_get_new_index(), "thread output");
    BIO_meth_set_write(made, append);
    BIO_meth_set_ctrl(made, control);
    BIO_meth_set_create(made, create);
    return made;
  }();
  return k_method;
}

}  // namespace

std::string& tls_output() {
  thread_local std::string output;
  return output;
}

BIO* make_output_bio() {
  return BIO_new(output_method());
}

}  // namespace pulse2::net
