#pragma once
#include <itkImage.h>

#include <torch/torch.h>

#include <nlohmann/json.hpp>
