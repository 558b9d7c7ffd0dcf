#include "sulcusUndo.h"
#include <sulcusError.h>

#include <nlohmann/json.hpp>

namespace sulcus
{

namespace
{

constexpr int SchemaVersion = 1;

nlohmann::ordered_json
GridToJson(const ImageGrid & grid)
{
  nlohmann::ordered_json json;
  std::array<double, 9> direction{};
  for (unsigned int i = 0; i < 9; ++i)
  {
    direction[i] = grid.direction[i / 3][i % 3];
  }
  json["size"] = std::array<std::uint64_t, 3>{grid.size[0], grid.size[1], grid.size[2]};
  json["spacing_mm"] = std::array<double, 3>{grid.spacing[0], grid.spacing[1], grid.spacing[2]};
  json["origin_mm"] = std::array<double, 3>{grid.origin[0], grid.origin[1], grid.origin[2]};
  json["direction"] = direction;
  return json;
}

ImageGrid
GridFromJson(const nlohmann::json & json)
{
  const auto size = json.at("size").get<std::array<std::uint64_t, 3>>();
  const auto spacing = json.at("spacing_mm").get<std::array<double, 3>>();
  const auto origin = json.at("origin_mm").get<std::array<double, 3>>();
  const auto direction = json.at("direction").get<std::array<double, 9>>();
  ImageGrid grid;
  for (unsigned int i = 0; i < 3; ++i)
  {
    grid.size[i] = size[i];
    grid.spacing[i] = spacing[i];
    grid.origin[i] = origin[i];
    if (!(spacing[i] > 0.0))
    {
      throw UsageError(Message("spacing ", spacing[i], " mm, need a positive number"));
    }
  }
  for (unsigned int i = 0; i < 9; ++i)
  {
    grid.direction[i / 3][i % 3] = direction[i];
  }
  return grid;
}

AxisOrder
OrderFromJson(const nlohmann::json & json)
{
  AxisOrder order;
  order.source = json.at("source").get<std::array<unsigned int, 3>>();
  order.flipped = json.at("flipped").get<std::array<bool, 3>>();
  bool seen[3] = {};
  for (const unsigned int axis : order.source)
  {
    if (axis > 2 || seen[axis])
    {
      throw UsageError("'source' must name the axes 0, 1 and 2 once each");
    }
    seen[axis] = true;
  }
  return order;
}

void
AddStepFromJson(Undo & undo, const nlohmann::json & json)
{
  const auto kind = json.at("kind").get<std::string>();
  const ImageGrid grid = GridFromJson(json.at("grid"));
  if (kind == "orient")
  {
    undo.AddOrientation(OrderFromJson(json));
  }
  else if (kind == "box")
  {
    undo.AddBox(json.at("start").get<std::array<std::int64_t, 3>>(), grid.size);
  }
  else if (kind == "resample")
  {
    undo.AddResampling(grid);
  }
  else
  {
    throw UsageError(Message("unknown step '", kind, "'; known: orient, box, resample"));
  }
  RequireSameGrid(
      undo.PreparedGrid(), grid, "the grid that follows from the steps", "the grid stated");
}

} // namespace

nlohmann::ordered_json
Undo::ToJson() const
{
  nlohmann::ordered_json json;
  json["schema"] = SchemaVersion;
  json["native"] = GridToJson(m_Native);
  json["steps"] = nlohmann::ordered_json::array();
  for (const auto & step : m_Steps)
  {
    nlohmann::ordered_json entry;
    switch (step.kind)
    {
    case Step::Kind::Orient:
      entry["kind"] = "orient";
      entry["source"] = step.order.source;
      entry["flipped"] = step.order.flipped;
      break;
    case Step::Kind::Box:
      entry["kind"] = "box";
      entry["start"] = step.start;
      break;
    case Step::Kind::Resample:
      entry["kind"] = "resample";
      break;
    }
    entry["grid"] = GridToJson(step.grid);
    json["steps"].push_back(entry);
  }
  return json;
}

Undo
Undo::FromJson(const nlohmann::json & json, const std::string & origin)
{
  std::string where = "undo record";
  try
  {
    const int schema = json.at("schema").get<int>();
    if (schema != SchemaVersion)
    {
      throw UsageError(Message("schema ", schema, ", this program knows ", SchemaVersion));
    }
    where = "native grid";
    Undo undo(GridFromJson(json.at("native")));
    const auto & steps = json.at("steps");
    for (std::size_t i = 0; i < steps.size(); ++i)
    {
      where = Message("step ", i + 1);
      AddStepFromJson(undo, steps.at(i));
    }
    return undo;
  }
  catch (const nlohmann::json::exception & error)
  {
    throw UsageError(Message(origin, ": not an undo record, ", where, ": ", error.what()));
  }
  catch (const Error & error)
  {
    throw UsageError(Message(origin, ": not an undo record, ", where, ": ", error.what()));
  }
}

} // namespace sulcus
