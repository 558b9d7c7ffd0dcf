#include "sulcusReferenceFlow.h"
#include <sulcusError.h>
#include <sulcusRandomEngine.h>
#include <sulcusSparseFlow.h>

#include <gtest/gtest.h>

namespace sulcus
{
namespace
{

TEST(SparseFlow, HandExample)
{
  // s -> a (4), a -> b (3 / 1), b -> t (5): the bottleneck is a -> b.
  SparseFlow flow(2);
  flow.AddUnary(0, 4);
  flow.AddUnary(1, -5);
  flow.AddEdge(0, 1, 3, 1);
  const auto result = flow.Solve();
  EXPECT_EQ(result.energy, 3);
  EXPECT_EQ(result.dualBound, 3);
  EXPECT_EQ(result.labels, (std::vector<std::uint8_t>{1, 0}));
}

TEST(SparseFlow, EqualsIndependentSolverOnRandomGraphs)
{
  RandomEngine random(81);
  for (int i = 0; i < 3000; ++i)
  {
    const auto nodes = std::size_t(random.Integer(1, 40));
    const auto edges = std::size_t(random.Integer(0, 160));
    SparseFlow flow(nodes);
    test::ReferenceFlow reference(nodes);
    for (std::size_t p = 0; p < nodes; ++p)
    {
      const auto unary = random.Integer(-30, 30);
      flow.AddUnary(p, unary);
      reference.AddUnary(p, unary);
    }
    for (std::size_t e = 0; e < edges; ++e)
    {
      const auto tail = std::size_t(random.Integer(0, std::int64_t(nodes) - 1));
      const auto head = std::size_t(random.Integer(0, std::int64_t(nodes) - 1));
      const auto forward = random.Integer(0, 15);
      const auto backward = random.Chance(0.5) ? 0 : random.Integer(0, 15);
      flow.AddEdge(tail, head, forward, backward);
      if (tail != head)
      {
        reference.AddEdge(tail, head, forward, backward);
      }
    }
    const auto expected = reference.Solve();
    const auto result = flow.Solve();
    ASSERT_EQ(result.energy, expected) << "instance " << i;
    ASSERT_EQ(result.dualBound, expected) << "instance " << i;
    for (std::size_t p = 0; p < nodes; ++p)
    {
      ASSERT_EQ(result.labels[p] == 1, reference.OnSourceSide(p))
          << "instance " << i << ", node " << p;
    }
  }
}

TEST(SparseFlow, EmptyAndInvalid)
{
  EXPECT_EQ(SparseFlow(0).Solve().energy, 0);
  SparseFlow flow(2);
  EXPECT_THROW(flow.AddUnary(2, 1), UsageError);
  EXPECT_THROW(flow.AddEdge(0, 2, 1, 1), UsageError);
  EXPECT_THROW(flow.AddEdge(0, 1, -1, 1), UsageError);
  flow.AddEdge(0, 1, std::int64_t(1) << 62, std::int64_t(1) << 62);
  EXPECT_THROW(flow.Solve(), ResourceError);
}

} // namespace
} // namespace sulcus
