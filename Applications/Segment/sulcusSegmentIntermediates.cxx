#include "sulcusSegmentIntermediates.h"

#include <sulcusAtomicWrite.h>
#include <sulcusError.h>
#include <sulcusPreprocess.h>
#include <sulcusTorchGlue.h>

namespace sulcus
{
namespace
{

/** "" for a single channel, else "_0000", "_0001", … */
std::string
ChannelPart(std::size_t channel, std::size_t channels)
{
  const std::string number = std::to_string(channel);
  return channels == 1
             ? ""
             : "_" + std::string(4 - std::min<std::size_t>(4, number.size()), '0') + number;
}

} // namespace

SegmentIntermediates::SegmentIntermediates(const std::vector<std::string> & models,
                                           const torch::Device & device,
                                           const SegmentationOptions & options)
    : m_Device(device), m_Precision(ResolvePrecision(options.precision, device))
{
  if (models.size() != 1)
  {
    throw UsageError(Message("--intermediates needs one model, got ", models.size()));
  }
  const ModelFile file = ReadModelFile(models.front());
  if (file.method != "correction")
  {
    throw UsageError(Message(models.front(),
                             ": --intermediates needs a model of the method 'correction', this is "
                             "one of '",
                             file.method,
                             "'"));
  }
  m_Model = CorrectionModelOf(file, models.front(), device);
  m_Plan = file.plan;
  m_Windows.window = m_Plan.patchSize;
  m_Windows.overlap = options.overlap;
  m_Windows.batchSize = options.batchSize;
}

std::vector<std::string>
SegmentIntermediates::Files(const std::string & base,
                            const std::string & ending,
                            std::size_t channels)
{
  std::vector<std::string> files;
  for (const char * name : {"_coarse", "_mask", "_refined"})
  {
    files.push_back(base + name + ending);
  }
  for (const char * name : {"_erased", "_repainted"})
  {
    for (std::size_t c = 0; c < channels; ++c)
    {
      files.push_back(base + name + ChannelPart(c, channels) + ending);
    }
  }
  return files;
}

void
SegmentIntermediates::Write(const std::vector<FloatImage::Pointer> & channels,
                            const FloatImage::SpacingType & statedSpacing,
                            const std::string & base,
                            const std::string & ending,
                            bool overwrite) const
{
  PreprocessInput input;
  input.channels.assign(channels.begin(), channels.end());
  input.names = m_Plan.channels;
  const PreprocessedVolume prepared = Preprocess(input, PreprocessOptionsFromPlan(m_Plan));
  const ImageGrid & grid = prepared.undo.PreparedGrid();
  const auto volumes = ExplainCorrection(m_Model,
                                         StackChannels(prepared.channels).to(m_Device),
                                         {grid.spacing[2], grid.spacing[1], grid.spacing[0]},
                                         m_Precision,
                                         m_Windows);
  WriteOptions write;
  write.overwrite = overwrite;
  const auto writeNative = [&](auto * image, const std::string & name)
  {
    const auto native = ToNative(image, prepared.undo);
    native->SetSpacing(statedSpacing);
    WriteImage(base + name + ending, native.GetPointer(), write);
  };
  const auto writeFloat = [&](const torch::Tensor & volume, const std::string & name)
  {
    const auto image = FloatImageOf(volume.to(torch::kCPU).contiguous(), grid);
    writeNative(image.GetPointer(), name);
  };
  writeFloat(volumes.coarse, "_coarse");
  writeFloat(volumes.refined, "_refined");
  const auto mask = LabelImageOf(volumes.mask.to(torch::kCPU, torch::kLong).contiguous(), grid);
  writeNative(mask.GetPointer(), "_mask");
  for (std::size_t c = 0; c < channels.size(); ++c)
  {
    const auto part = ChannelPart(c, channels.size());
    const auto channel = static_cast<std::int64_t>(c);
    writeFloat(volumes.erased[channel], "_erased" + part);
    writeFloat(volumes.repainted[channel], "_repainted" + part);
  }
}

} // namespace sulcus
