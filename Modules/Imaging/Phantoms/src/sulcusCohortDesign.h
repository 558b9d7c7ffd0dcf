#pragma once

#include "sulcusPhantomCohort.h"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace sulcus
{

/** Who, where and in which part of the study, without any voxel. */
struct DesignedCase
{
  std::string id;
  std::string subject;
  int subjectNumber = 0;
  int siteNumber = 0;
  std::string site;
  std::string split;
};

/** \throws UsageError if the options contradict each other. */
std::vector<DesignedCase>
DesignCohort(const PhantomCohortOptions & options);

/** Frozen split in the common format: test, validation, pool, nested labelled lists for seeds 0 to
 * 2. The list of seed 0 starts with the cases that the manifest labels. */
nlohmann::ordered_json
SplitsJson(const PhantomCohortOptions & options, const std::vector<DesignedCase> & design);

/** Training cases in the order in which a seed's labelled sets grow. */
std::vector<std::string>
LabelledOrder(const PhantomCohortOptions & options,
              const std::vector<DesignedCase> & design,
              int splitSeed);

nlohmann::ordered_json
DatasetJson(const PhantomCohortOptions & options, const std::vector<DesignedCase> & design);

/** Tab-separated manifest; paths relative to its folder. */
std::string
ManifestText(const PhantomCohortOptions & options, const std::vector<DesignedCase> & design);

/** Path of a file of a case inside the data set. */
std::string
ImagePath(const DesignedCase & entry, int channel);
std::string
LabelPath(const DesignedCase & entry);
std::string
AnnotatorPath(const DesignedCase & entry, const std::string & annotator);

} // namespace sulcus
