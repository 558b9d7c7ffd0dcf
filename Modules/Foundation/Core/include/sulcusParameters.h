#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sulcus
{

/** What a text parameter names; decides its element in the Slicer description. */
enum class ParameterKind
{
  Plain,
  InputImage,
  InputLabelMap,
  OutputImage,
  OutputLabelMap,
  InputFile,
  OutputFile,
  InputFolder,
  OutputFolder
};

/** One described setting: a name in lower_snake_case, where its value lives, what it means and what
 * it may be. */
class Parameter
{
public:
  using Target = std::variant<bool *,
                              int *,
                              std::int64_t *,
                              std::uint64_t *,
                              double *,
                              std::string *,
                              std::vector<std::int64_t> *,
                              std::vector<double> *,
                              std::vector<std::string> *>;

  Parameter(std::string name, Target target, std::string help, std::string group);

  /** Only these texts are accepted. */
  Parameter &
  Choices(std::vector<std::string> choices);
  /** Numbers, and every element of a list of numbers, must lie in [low, high]. */
  Parameter &
  Range(double low, double high = std::numeric_limits<double>::infinity());
  Parameter &
  Kind(ParameterKind kind);
  /** The program refuses to start without it. */
  Parameter &
  Required();
  /** May be given without its name, in the order of declaration. The last positional may be a list.
   */
  Parameter &
  Positional();
  /** One-letter spelling. */
  Parameter &
  Short(char letter);
  /** Shown apart, under advanced settings. */
  Parameter &
  Advanced();

  const std::string &
  Name() const
  {
    return m_Name;
  }
  const std::string &
  Help() const
  {
    return m_Help;
  }
  const std::string &
  Group() const
  {
    return m_Group;
  }
  const std::vector<std::string> &
  GetChoices() const
  {
    return m_Choices;
  }
  const std::optional<std::pair<double, double>> &
  GetRange() const
  {
    return m_Range;
  }
  ParameterKind
  GetKind() const
  {
    return m_Kind;
  }
  bool
  IsRequired() const
  {
    return m_Required;
  }
  bool
  IsPositional() const
  {
    return m_Positional;
  }
  bool
  IsAdvanced() const
  {
    return m_Advanced;
  }
  char
  GetShort() const
  {
    return m_Short;
  }
  const Target &
  GetTarget() const
  {
    return m_Target;
  }
  bool
  IsFlag() const;
  bool
  IsList() const;
  /** "integer", "number", "text", "flag", "integers", "numbers" or "texts". */
  std::string
  TypeName() const;
  /** The value at the time of description, as text; lists are joined by commas. */
  const std::string &
  DefaultText() const
  {
    return m_DefaultText;
  }
  std::string
  ValueText() const;

  /** Reads a value from text; lists are separated by commas.
   * \throws UsageError naming the parameter, what was given and what is accepted. */
  void
  SetText(const std::string & text) const;

  /** Several values of a list, or the last of several for a scalar. Paths are taken whole; other
   * texts are split at commas as in SetText. */
  void
  SetTexts(const std::vector<std::string> & texts) const;

  nlohmann::json
  ToJson() const;
  /** \throws UsageError on a wrong type or a value out of range. */
  void
  SetJson(const nlohmann::json & value) const;

private:
  void
  CheckAccepted() const;

  std::string m_Name;
  Target m_Target;
  std::string m_Help;
  std::string m_Group;
  std::string m_DefaultText;
  std::vector<std::string> m_Choices;
  std::optional<std::pair<double, double>> m_Range;
  ParameterKind m_Kind = ParameterKind::Plain;
  bool m_Required = false;
  bool m_Positional = false;
  bool m_Advanced = false;
  char m_Short = '\0';
};

/** The one description of a program's or an algorithm's settings, from which the command line,
 * `--help`, Slicer's
 * `--xml`, the JSON schema, the reference page and the stored configuration are all made.
 *
 * \code
 * void Describe(Parameters & visit, StapleOptions & o)
 * {
 *   visit("iterations", o.iterations, "Upper bound on EM sweeps.").Range(1);
 *   visit("tolerance", o.tolerance, "Stop when no parameter moves more than this.").Range(0);
 * }
 * \endcode
 * The described struct must outlive the table. */
class Parameters
{
public:
  Parameter &
  operator()(std::string name, Parameter::Target target, std::string help);

  template <typename T>
  Parameter &
  operator()(std::string name, T & value, std::string help)
  {
    return (*this)(std::move(name), Parameter::Target(&value), std::move(help));
  }

  /** Title of the parameters described after this call. */
  void
  Group(std::string title);

  const std::vector<Parameter> &
  All() const
  {
    return m_Parameters;
  }

  /** The parameter of that name; hyphens count as underscores. nullptr if there is none. */
  const Parameter *
  Find(std::string_view name) const;

  /** Like Find. \throws UsageError that names the nearest parameter. */
  const Parameter &
  Require(std::string_view name, std::string_view origin) const;

  /** Every value as one JSON object, in the order of description. */
  nlohmann::ordered_json
  ToJson() const;

  /** Sets what the object names. \throws UsageError on an unknown key (naming the nearest), type or
   * range. */
  void
  SetJson(const nlohmann::json & object, std::string_view origin) const;

private:
  std::vector<Parameter> m_Parameters;
  std::string m_Group = "Settings";
};

/** The candidate with the smallest edit distance to the name, or nothing if none is near. */
std::optional<std::string>
NearestName(std::string_view name, const std::vector<std::string> & candidates);

/** "did you mean 'x'?" or a list of what there is; used wherever an unknown name is refused. */
std::string
SuggestName(std::string_view name, const std::vector<std::string> & candidates);

} // namespace sulcus
