#include <benchmark/benchmark.h>

#include <string>

#include "xmlrpc/decode.hpp"
#include "xmlrpc/encode.hpp"

namespace {

using pulse2::xmlrpc::Array;
using pulse2::xmlrpc::Struct;
using pulse2::xmlrpc::Value;

/// A list of packages as the console gets it; each has five files.
Value package_list(int packages) {
  Array list;
  for (int i = 0; i < packages; ++i) {
    Array files;
    for (int f = 0; f < 5; ++f) {
      Struct file;
      file["name"] = Value("file-" + std::to_string(f) + ".bin");
      file["path"] = Value("/package-" + std::to_string(i));
      file["id"] = Value("7885517b39317add6a1d362968b01774");
      files.emplace_back(std::move(file));
    }
    Struct package;
    package["id"] = Value("package-" + std::to_string(i));
    package["label"] = Value("A package & its <label>");
    package["size"] = Value(123456);
    package["files"] = Value(std::move(files));
    list.emplace_back(std::move(package));
  }
  return Value(std::move(list));
}

void encode_list(benchmark::State& state) {
  const Value list = package_list(static_cast<int>(state.range(0)));
  std::size_t bytes = 0;
  for (auto _ : state) {
    const std::string text = pulse2::xmlrpc::encode_response(list);
    bytes += text.size();
    benchmark::DoNotOptimize(text.data());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}
BENCHMARK(encode_list)->Arg(100)->Arg(10000);

void decode_list(benchmark::State& state) {
  const std::string text =
      pulse2::xmlrpc::encode_call("m", Array{package_list(static_cast<int>(state.range(0)))});
  for (auto _ : state) {
    auto call = pulse2::xmlrpc::decode_call(text);
    benchmark::DoNotOptimize(call);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(text.size()));
}
BENCHMARK(decode_list)->Arg(100)->Arg(10000);

}  // namespace
