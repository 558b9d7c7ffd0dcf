#include "sulcusMarkup.h"

namespace sulcus
{

std::string
EscapeMarkup(std::string_view text)
{
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text)
  {
    switch (c)
    {
    case '&':
      escaped += "&amp;";
      break;
    case '<':
      escaped += "&lt;";
      break;
    case '>':
      escaped += "&gt;";
      break;
    case '"':
      escaped += "&quot;";
      break;
    case '\'':
      escaped += "&#39;";
      break;
    default:
      if (static_cast<unsigned char>(c) < 32 && c != '\n' && c != '\t')
      {
        escaped += "\xEF\xBF\xBD";
      }
      else
      {
        escaped += c;
      }
    }
  }
  return escaped;
}

} // namespace sulcus
