#pragma once

#include "sulcusError.h"
#include "sulcusParameters.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace sulcus
{

/** Named factories of one kind of thing. Filled by explicit Register… calls, never by static
 * initialisation. */
template <typename TProduct, typename... TArguments>
class Registry
{
public:
  using Factory = std::function<TProduct(TArguments...)>;

  explicit Registry(std::string kind) : m_Kind(std::move(kind))
  {
  }

  void
  Add(const std::string & name, const std::string & summary, Factory factory)
  {
    if (!m_Entries.emplace(name, Entry{summary, std::move(factory)}).second)
    {
      throw RuntimeError(Message(m_Kind, " '", name, "' is registered twice"));
    }
  }

  /** \throws UsageError that lists or suggests the known names. */
  TProduct
  Make(const std::string & name, TArguments... arguments) const
  {
    const auto found = m_Entries.find(name);
    if (found == m_Entries.end())
    {
      throw UsageError(Message("unknown ", m_Kind, " '", name, "'; ", SuggestName(name, Names())));
    }
    return found->second.factory(std::forward<TArguments>(arguments)...);
  }

  std::vector<std::string>
  Names() const
  {
    std::vector<std::string> names;
    for (const auto & [name, entry] : m_Entries)
    {
      names.push_back(name);
    }
    return names;
  }

  const std::string &
  Summary(const std::string & name) const
  {
    return m_Entries.at(name).summary;
  }

private:
  struct Entry
  {
    std::string summary;
    Factory factory;
  };
  std::string m_Kind;
  std::map<std::string, Entry> m_Entries;
};

} // namespace sulcus
