#!/usr/bin/env python3
"""Plants forbidden includes and arrows in a copy of the tree: CheckIncludes.py must name each one."""
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

root = Path(sys.argv[1])
checker = root / "Utilities" / "CheckIncludes.py"

PLANTED = {
    "ITK in Foundation": ("Modules/Foundation/Core/src/planted.cxx", "#include <itkImage.h>\n", "may not include <itkImage.h>"),
    "LibTorch in Foundation": ("Modules/Foundation/Core/src/planted.cxx", "#include <c10/core/Device.h>\n", "may not include <c10/core/Device.h>"),
    "an upward arrow": ("Modules/Foundation/Core/src/planted.cxx", '#include "sulcusPlan.h"\n', "Core includes sulcusPlan.h of Plan"),
    "Boost in a module": ("Modules/Foundation/Plan/src/planted.cxx", "#include <boost/any.hpp>\n", "may not include <boost/any.hpp>"),
    "ITK in Learning": ("Modules/Learning/Training/src/planted.cxx", "#include <itkImage.h>\n", "may not include <itkImage.h>"),
    "LibTorch in Imaging": ("Modules/Imaging/Images/src/planted.cxx", "#include <torch/types.h>\n", "may not include <torch/types.h>"),
    "VTK in Imaging": ("Modules/Imaging/Images/src/planted.cxx", "#include <vtkNew.h>\n", "may not include <vtkNew.h>"),
    "LibTorch in Viewing": ("Modules/Viewing/Surface/src/planted.cxx", "#include <torch/types.h>\n", "may not include <torch/types.h>"),
    "LibTorch meets VTK": ("Modules/Joined/Planted/CMakeLists.txt", "sulcus_add_module(NAME Planted DEPENDS Surface TorchGlue)\n",
                           "Planted: LibTorch and VTK meet"),
    "zlib outside Formats": ("Modules/Foundation/Plan/src/planted.cxx", "#include <zlib.h>\n", "only Formats may include"),
}


def run(tree):
    result = subprocess.run([sys.executable, checker, tree], capture_output=True, text=True)
    return result.returncode, result.stdout


failures = []
for what, (file, text, expected) in PLANTED.items():
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for part in ("Modules", "Applications"):
            shutil.copytree(root / part, copy / part)
        (copy / file).parent.mkdir(parents=True, exist_ok=True)
        (copy / file).write_text(text)
        status, output = run(copy)
        if status != 1 or expected not in output:
            failures.append(f"{what}: not found (exit {status}): {output}")
print("\n".join(failures) if failures else f"{len(PLANTED)} planted faults found")
sys.exit(1 if failures else 0)
