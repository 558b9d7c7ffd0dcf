#pragma once

#include <sulcusImageGrid.h>

#include <atomic>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>
#include <vector>

namespace sulcus
{

/** A folder of its own that disappears with the object. */
class TemporaryFolder
{
public:
  TemporaryFolder()
  {
    std::string pattern = (std::filesystem::temp_directory_path() / "sulcus-io-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr)
    {
      throw std::runtime_error("no temporary folder");
    }
    m_Folder = pattern;
  }
  TemporaryFolder(const TemporaryFolder &) = delete;
  TemporaryFolder &
  operator=(const TemporaryFolder &) = delete;
  ~TemporaryFolder()
  {
    std::error_code ignoredInDestructor;
    std::filesystem::remove_all(m_Folder, ignoredInDestructor);
  }

  std::string
  Path(const std::string & name) const
  {
    return (m_Folder / name).string();
  }

  std::string
  Write(const std::string & name, const std::vector<std::byte> & bytes) const
  {
    std::ofstream stream(Path(name), std::ios::binary);
    stream.write(reinterpret_cast<const char *>(bytes.data()),
                 static_cast<std::streamsize>(bytes.size()));
    return Path(name);
  }

private:
  std::filesystem::path m_Folder;
};

/** A NIfTI-1 file made by hand: int16 5 x 4 x 3, value x + 5y + 20z, oblique and anisotropic, sform
 * only. The field offsets are those of nifti1.h, written here independently of the product's
 * writer. */
class NiftiSample
{
public:
  NiftiSample() : m_Bytes(352 + 120)
  {
    Set<std::int32_t>(0, 348);
    const std::int16_t dim[8] = {3, 5, 4, 3, 1, 1, 1, 1};
    for (int i = 0; i < 8; ++i)
    {
      Set(40 + 2 * i, dim[i]);
    }
    Set<std::int16_t>(70, 4);
    Set<std::int16_t>(72, 16);
    const auto grid = Grid();
    SetFloat(76, 1.0F);
    for (int axis = 0; axis < 3; ++axis)
    {
      SetFloat(80 + 4 * axis, static_cast<float>(grid.spacing[axis]));
    }
    SetFloat(108, 352.0F);
    SetFloat(112, 1.0F);
    Set<std::uint8_t>(123, 2);
    Set<std::int16_t>(254, 1);
    for (int row = 0; row < 3; ++row)
    {
      const double sign = row < 2 ? -1.0 : 1.0;
      for (int axis = 0; axis < 3; ++axis)
      {
        SetFloat(280 + 16 * row + 4 * axis,
                 static_cast<float>(sign * grid.direction[row][axis] * grid.spacing[axis]));
      }
      SetFloat(292 + 16 * row, static_cast<float>(sign * grid.origin[row]));
    }
    std::memcpy(m_Bytes.data() + 344, "n+1", 4);
    for (int i = 0; i < 60; ++i)
    {
      Set(352 + 2 * i, static_cast<std::int16_t>(i));
    }
  }

  /** Turned by 25 degrees about z, then 15 about x. */
  static ImageGrid
  Grid()
  {
    ImageGrid grid;
    grid.size = {{5, 4, 3}};
    grid.spacing[0] = 0.75;
    grid.spacing[1] = 1.25;
    grid.spacing[2] = 4.0;
    grid.origin[0] = 12.5;
    grid.origin[1] = -31.0;
    grid.origin[2] = 8.75;
    const double a = 25.0 * M_PI / 180.0;
    const double b = 15.0 * M_PI / 180.0;
    const double rows[3][3] = {{std::cos(a), -std::sin(a), 0.0},
                               {std::cos(b) * std::sin(a), std::cos(b) * std::cos(a), -std::sin(b)},
                               {std::sin(b) * std::sin(a), std::sin(b) * std::cos(a), std::cos(b)}};
    for (int row = 0; row < 3; ++row)
    {
      for (int axis = 0; axis < 3; ++axis)
      {
        grid.direction[row][axis] = rows[row][axis];
      }
    }
    return grid;
  }

  template <typename T>
  void
  Set(std::size_t offset, T value)
  {
    std::memcpy(m_Bytes.data() + offset, &value, sizeof(T));
  }

  void
  SetFloat(std::size_t offset, float value)
  {
    Set(offset, value);
  }

  const std::vector<std::byte> &
  Bytes() const
  {
    return m_Bytes;
  }

private:
  std::vector<std::byte> m_Bytes;
};

} // namespace sulcus
