#include "sulcusAnatomy.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace sulcus
{

namespace
{

using Point = Anatomy::Point;

constexpr Point headRadii{18.5, 21.5, 18.5};
constexpr double scalpThickness = 1.3;
constexpr double skullThickness = 1.3;
constexpr double fluidThickness = 0.8;
constexpr double cortexThickness = 1.8;

/** First-order distance to an axis-aligned ellipsoid: exact on its surface. */
double
EllipsoidDistance(const Point & p, const Point & radii)
{
  double scaled = 0.0;
  double gradient = 0.0;
  for (int axis = 0; axis < 3; ++axis)
  {
    const double q = p[axis] / radii[axis];
    scaled += q * q;
    gradient += q * q / (radii[axis] * radii[axis]);
  }
  scaled = std::sqrt(scaled);
  gradient = std::sqrt(gradient);
  return gradient == 0.0 ? -std::min({radii[0], radii[1], radii[2]})
                         : scaled * (scaled - 1.0) / gradient;
}

std::array<double, 9>
RotationTimesScale(RandomEngine & random, double variability)
{
  const double limit = 7.0 * std::numbers::pi / 180.0 * variability;
  const double a = random.Uniform(-limit, limit);
  const double b = random.Uniform(-limit, limit);
  const double c = random.Uniform(-limit, limit);
  const std::array<double, 9> rotation{
      std::cos(a) * std::cos(b),
      std::cos(a) * std::sin(b) * std::sin(c) - std::sin(a) * std::cos(c),
      std::cos(a) * std::sin(b) * std::cos(c) + std::sin(a) * std::sin(c),
      std::sin(a) * std::cos(b),
      std::sin(a) * std::sin(b) * std::sin(c) + std::cos(a) * std::cos(c),
      std::sin(a) * std::sin(b) * std::cos(c) - std::cos(a) * std::sin(c),
      -std::sin(b),
      std::cos(b) * std::sin(c),
      std::cos(b) * std::cos(c)};
  auto result = rotation;
  for (int row = 0; row < 3; ++row)
  {
    const double scale = 1.0 + variability * random.Uniform(-0.07, 0.07);
    for (int column = 0; column < 3; ++column)
    {
      result[3 * row + column] *= scale;
    }
  }
  return result;
}

std::array<SmoothField, 3>
DrawDeformation(RandomEngine & random, double variability)
{
  SmoothField x(random, 0.7 * variability, 24.0);
  SmoothField y(random, 0.7 * variability, 24.0);
  SmoothField z(random, 0.7 * variability, 24.0);
  return {x, y, z};
}

} // namespace

/** Signed distances in mm, negative inside. */
struct Anatomy::Distances
{
  double head = 0.0;
  double brain = 0.0;
  double cortex = 0.0; ///< to the inner surface of the cortex
  double hippocampus = 0.0;
  double border = 0.0; ///< negative on the head's side
  double ventricle = 0.0;
  double lesion = 0.0;
};

Anatomy::Anatomy(RandomEngine random, double variability)
    : m_AverageFromPerson(RotationTimesScale(random, variability)),
      m_Deformation(DrawDeformation(random, variability)), m_Folds(random, 0.75, 9.0),
      m_LesionEdge(random, 0.35, 6.0)
{
  const auto vary = [&](double value, double spread)
  { return value + variability * random.Uniform(-spread, spread); };
  for (int side = 0; side < 2; ++side)
  {
    auto & hippocampus = m_Hippocampi[side];
    hippocampus.centre = {
        (side == 0 ? -1.0 : 1.0) * vary(8.0, 0.5), vary(0.5, 0.6), vary(-2.5, 0.6)};
    hippocampus.arcRadius = vary(6.5, 0.4);
    hippocampus.firstAngle = vary(-0.75, 0.08) * std::numbers::pi;
    hippocampus.lastAngle = vary(0.12, 0.06) * std::numbers::pi;
    hippocampus.headRadius = vary(3.5, 0.3);
    hippocampus.tailRadius = vary(2.3, 0.2);
    hippocampus.border = vary(0.42, 0.03);
  }
  m_VentricleRadii = {vary(1.9, 0.3), vary(7.5, 0.8), vary(2.8, 0.4)};
  m_VentricleCentre = {vary(3.6, 0.3), vary(0.0, 0.6), vary(6.0, 0.4)};
  PlaceLesions(random);
}

Point
Anatomy::ToAverageHead(const Point & point, const Point & displacement) const
{
  Point result{};
  for (int row = 0; row < 3; ++row)
  {
    for (int column = 0; column < 3; ++column)
    {
      result[row] += m_AverageFromPerson[3 * row + column] * (point[column] + displacement[column]);
    }
  }
  return result;
}

Anatomy::Distances
Anatomy::Measure(const Point & p) const
{
  Distances d;
  d.head = EllipsoidDistance(p, headRadii);
  d.brain = d.head + scalpThickness + skullThickness + fluidThickness;
  d.cortex = d.brain + cortexThickness + m_Folds(p);
  d.hippocampus = std::numeric_limits<double>::max();
  for (const auto & h : m_Hippocampi)
  {
    const double y = p[1] - h.centre[1];
    const double z = p[2] - h.centre[2];
    const double middle = 0.5 * (h.firstAngle + h.lastAngle);
    const double turned =
        middle + std::remainder(std::atan2(z, y) - middle, 2.0 * std::numbers::pi);
    const double angle = std::clamp(turned, h.firstAngle, h.lastAngle);
    const double share = (angle - h.firstAngle) / (h.lastAngle - h.firstAngle);
    const double dx = p[0] - h.centre[0];
    const double dy = y - h.arcRadius * std::cos(angle);
    const double dz = z - h.arcRadius * std::sin(angle);
    const double distance = std::sqrt(dx * dx + dy * dy + dz * dz) -
                            (h.headRadius + share * (h.tailRadius - h.headRadius));
    if (distance < d.hippocampus)
    {
      d.hippocampus = distance;
      d.border = (share - h.border) * h.arcRadius * (h.lastAngle - h.firstAngle);
    }
  }
  const Point inVentricle{std::abs(p[0]) - m_VentricleCentre[0] - 0.012 * p[1] * p[1],
                          p[1] - m_VentricleCentre[1],
                          p[2] - m_VentricleCentre[2] + 0.03 * p[1] * p[1]};
  d.ventricle = EllipsoidDistance(inVentricle, m_VentricleRadii);
  d.lesion = std::numeric_limits<double>::max();
  for (const auto & lesion : m_Lesions)
  {
    const Point q{p[0] - lesion.centre[0], p[1] - lesion.centre[1], p[2] - lesion.centre[2]};
    const double distance = EllipsoidDistance(q, lesion.radii);
    d.lesion = std::min(d.lesion, distance < 3.0 ? distance + m_LesionEdge(p) : distance);
  }
  return d;
}

/** Lesions lie in white matter, clear of all other structures and of each other. */
void
Anatomy::PlaceLesions(RandomEngine & random)
{
  const auto wanted = static_cast<std::size_t>(random.Integer(1, 3));
  for (int attempt = 0; attempt < 20000 && m_Lesions.size() < wanted; ++attempt)
  {
    Lesion lesion;
    double largest = 0.0;
    for (int axis = 0; axis < 3; ++axis)
    {
      lesion.centre[axis] = random.Uniform(-headRadii[axis], headRadii[axis]);
      lesion.radii[axis] = random.Uniform(2.3, 3.2);
      largest = std::max(largest, lesion.radii[axis]);
    }
    const auto d = Measure(lesion.centre);
    const double clearance = largest + 0.8;
    if (d.cortex < -0.5 * largest && d.hippocampus > clearance && d.ventricle > clearance &&
        d.lesion > clearance + 1.0)
    {
      m_Lesions.push_back(lesion);
    }
  }
}

Anatomy::Sample
Anatomy::At(const Point & point, double voxelWidthInMm) const
{
  return AtDisplaced(point,
                     {m_Deformation[0](point), m_Deformation[1](point), m_Deformation[2](point)},
                     voxelWidthInMm);
}

Anatomy::Sample
Anatomy::AtDisplaced(const Point & point, const Point & displacement, double voxelWidthInMm) const
{
  const auto d = Measure(ToAverageHead(point, displacement));
  Sample sample;
  auto & fractions = sample.fractions;
  fractions[static_cast<std::size_t>(Tissue::Air)] = 1.0F;
  const auto shareWithin = [voxelWidthInMm](double distance)
  { return static_cast<float>(std::clamp(0.5 - distance / voxelWidthInMm, 0.0, 1.0)); };
  const auto cover = [&](Tissue tissue, float share)
  {
    for (auto & fraction : fractions)
    {
      fraction *= 1.0F - share;
    }
    fractions[static_cast<std::size_t>(tissue)] += share;
  };
  cover(Tissue::Scalp, shareWithin(d.head));
  cover(Tissue::Skull, shareWithin(d.head + scalpThickness));
  cover(Tissue::Fluid, shareWithin(d.head + scalpThickness + skullThickness));
  cover(Tissue::GreyMatter, shareWithin(d.brain));
  cover(Tissue::WhiteMatter, shareWithin(d.cortex));
  const float inHippocampus = shareWithin(d.hippocampus);
  cover(Tissue::HippocampusTail, inHippocampus);
  const float inHead = inHippocampus * shareWithin(d.border);
  fractions[static_cast<std::size_t>(Tissue::HippocampusHead)] += inHead;
  fractions[static_cast<std::size_t>(Tissue::HippocampusTail)] -= inHead;
  cover(Tissue::Ventricle, shareWithin(d.ventricle));
  cover(Tissue::Lesion, shareWithin(d.lesion));
  if (d.lesion < 0.0)
  {
    sample.label = PhantomLabel::Lesion;
  }
  else if (d.ventricle < 0.0)
  {
    sample.label = PhantomLabel::Ventricle;
  }
  else if (d.hippocampus < 0.0)
  {
    sample.label = d.border < 0.0 ? PhantomLabel::HippocampusHead : PhantomLabel::HippocampusTail;
  }
  return sample;
}

} // namespace sulcus
