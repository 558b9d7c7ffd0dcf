#include "sulcusBinaryCorpus.h"
#include "sulcusNiftiCorpus.h"
#include "sulcusTextCorpus.h"

#include <gtest/gtest.h>

#include <chrono>
#include <iostream>
#include <map>

using namespace sulcus;

namespace
{

Corpus
MalformedCorpus()
{
  Corpus corpus;
  AddNiftiFields(corpus);
  AddNiftiExtensions(corpus);
  AddNiftiStreams(corpus);
  AddNrrd(corpus);
  AddMetaImage(corpus);
  AddMgh(corpus);
  AddDicom(corpus);
  return corpus;
}

} // namespace

TEST(MalformedCorpus, EveryFileIsRefusedWithTheRightStatus)
{
  const TemporaryFolder folder;
  const auto corpus = MalformedCorpus();
  EXPECT_GE(corpus.entries.size(), 400U);
  std::map<int, int> byCode;
  double slowest = 0.0;
  for (const auto & entry : corpus.entries)
  {
    SCOPED_TRACE(entry.name);
    const auto path = folder.Write("file", entry.bytes);
    const auto start = std::chrono::steady_clock::now();
    try
    {
      entry.asLabels ? static_cast<void>(ReadLabels(path, entry.options))
                     : static_cast<void>(ReadImage(path, entry.options));
      ADD_FAILURE() << "was accepted";
    }
    catch (const Error & error)
    {
      EXPECT_TRUE(entry.codes.contains(error.Code()))
          << static_cast<int>(error.Code()) << ": " << error.what();
      EXPECT_EQ(std::string(error.what()).rfind(path, 0), 0U) << error.what();
      ++byCode[static_cast<int>(error.Code())];
    }
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    slowest = std::max(slowest, taken.count());
  }
  EXPECT_LT(slowest, 1.0);
  std::cout << corpus.entries.size() << " malformed files refused; slowest " << slowest << " s;";
  for (const auto & [code, count] : byCode)
  {
    std::cout << " status " << code << ": " << count;
  }
  std::cout << '\n';
}
