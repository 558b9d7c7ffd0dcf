// Two-label STAPLE on real readers against an independent implementation's results
// (SULCUS_TEST_DATA/vectors/staple_binary.json).
#include <sulcusSafeRead.h>
#include <sulcusStapleImageFilter.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <fstream>

namespace sulcus
{
namespace
{

TEST(StapleVectors, EqualTheIndependentImplementation)
{
  const char * root = std::getenv("SULCUS_TEST_DATA");
  if (!root)
  {
    GTEST_SKIP() << "SULCUS_TEST_DATA is not set";
  }
  std::ifstream stream(root + std::string("/vectors/staple_binary.json"));
  const auto vectors = nlohmann::json::parse(stream);
  ASSERT_GE(vectors["cases"].size(), 20U);
  for (const auto & one : vectors["cases"])
  {
    const auto file = one["file"].get<std::string>();
    auto filter = StapleImageFilter<LabelImage, itk::Image<double, 3>>::New();
    const auto raters = one["raters"].get<unsigned>();
    for (unsigned r = 0; r < raters; ++r)
    {
      ReadOptions options;
      options.volume = r;
      filter->SetAnnotation(r, ReadLabels(root + ("/" + file), options).image);
    }
    StapleOptions options;
    options.tolerance = 1e-10;
    options.start = 0.99999; // as there; the mean vote ends in another optimum for one of them
    filter->SetOptions(options);
    filter->Update();
    const auto & estimate = filter->Estimate();
    EXPECT_NEAR(estimate.prior, one["prior"].get<double>(), 1e-12) << file;
    double sum = 0.0;
    std::size_t inside = 0;
    const auto * output = filter->GetOutput();
    const auto count = output->GetBufferedRegion().GetNumberOfPixels();
    ASSERT_EQ(count, one["voxels"].get<std::size_t>());
    for (std::size_t p = 0; p < count; ++p)
    {
      sum += output->GetBufferPointer()[p];
      inside += output->GetBufferPointer()[p] > 0.5;
    }
    EXPECT_EQ(inside, one["staple_voxels"].get<std::size_t>()) << file;
    EXPECT_NEAR(sum, one["sum_W"].get<double>(), 1e-4) << file;
    for (unsigned r = 0; r < raters; ++r)
    {
      EXPECT_NEAR(estimate.sensitivity[r], one["sensitivity"][r].get<double>(), 1e-6) << file;
      EXPECT_NEAR(estimate.specificity[r], one["specificity"][r].get<double>(), 1e-6) << file;
    }
  }
}

} // namespace
} // namespace sulcus
