#include <sulcusDevice.h>
#include <sulcusError.h>
#include <sulcusPrecision.h>

#include <ATen/autocast_mode.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <gtest/gtest.h>

namespace sulcus
{

TEST(ResolveDevice, UnknownSpellingsAreRefused)
{
  for (const char * name : {"", "gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:1x", "CPU"})
  {
    EXPECT_THROW(ResolveDevice(name), UsageError) << name;
  }
}

TEST(ResolveDevice, AutomaticIsAUsableDevice)
{
  const auto device = ResolveDevice("auto");
  EXPECT_EQ(torch::ones({3}, device).sum().item<float>(), 3.0F);
  EXPECT_TRUE(ResolveDevice("cpu").is_cpu());
}

TEST(ResolveDevice, CudaIsThereOrRefusedWithTheReason)
{
  if (ResolveDevice("auto").is_cuda())
  {
    EXPECT_EQ(ResolveDevice("cuda:0"), ResolveDevice("cuda"));
    EXPECT_THROW(ResolveDevice("cuda:99"), ResourceError);
    return;
  }
  try
  {
    ResolveDevice("cuda");
    FAIL() << "expected an error";
  }
  catch (const ResourceError & error)
  {
    EXPECT_EQ(error.Code(), ExitCode::Resources);
    EXPECT_NE(std::string(error.what()).find("'cuda' was asked for, but"), std::string::npos);
  }
}

TEST(Precision, SpellingsAreResolved)
{
  EXPECT_EQ(ResolvePrecision("fp32", torch::kCPU), Precision::Float32);
  EXPECT_EQ(ResolvePrecision("bf16", torch::kCPU), Precision::BFloat16);
  EXPECT_EQ(ResolvePrecision("auto", torch::kCPU) == Precision::BFloat16,
            HasFastBFloat16(torch::kCPU));
  EXPECT_THROW(ResolvePrecision("fp16", torch::kCPU), UsageError);
}

TEST(AutocastScope, CastsProductsInsideAndRestoresOutside)
{
  const auto a = torch::randn({4, 4});
  {
    const AutocastScope outer(Precision::BFloat16, torch::kCPU);
    EXPECT_EQ(a.mm(a).scalar_type(), torch::kBFloat16);
    {
      const AutocastScope inner(Precision::Float32, torch::kCPU);
      EXPECT_EQ(a.mm(a).scalar_type(), torch::kFloat);
    }
    EXPECT_EQ(a.mm(a).scalar_type(), torch::kBFloat16);
  }
  EXPECT_EQ(a.mm(a).scalar_type(), torch::kFloat);
  try
  {
    const AutocastScope scope(Precision::BFloat16, torch::kCPU);
    throw UsageError("leaves the scope");
  }
  catch (const UsageError &)
  {
    EXPECT_FALSE(at::autocast::is_autocast_enabled(at::kCPU));
  }
}

TEST(AutocastScope, WeightsKeepFloatGradients)
{
  const auto weight = torch::randn({4, 4}).requires_grad_();
  const auto input = torch::randn({2, 4});
  torch::Tensor output;
  {
    const AutocastScope scope(Precision::BFloat16, torch::kCPU);
    output = input.mm(weight);
  }
  output.to(torch::kFloat).sum().backward();
  EXPECT_EQ(weight.grad().scalar_type(), torch::kFloat);
  EXPECT_LT((weight.grad() - input.sum(0).unsqueeze(1).expand({4, 4})).abs().max().item<float>(),
            0.05F);
}

TEST(SetTorchThreads, SetsLibTorchsThreads)
{
  const int before = torch::get_num_threads();
  SetTorchThreads(1);
  EXPECT_EQ(torch::get_num_threads(), 1);
  SetTorchThreads(before);
}

} // namespace sulcus
