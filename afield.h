/* libafield: the whole public interface. Install puts these headers under include/afield. */
#ifndef AFIELD_H
#define AFIELD_H
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "core/base/jsonl.h"
#include "core/base/log.h"
#include "core/base/options.h"
#include "core/base/philox.h"
#include "core/base/sha256.h"
#include "core/base/status.h"
#include "core/data/dataset.h"
#include "core/graph/graph.h"
#include "core/plan/plan.h"
#include "core/registry.h"
#include "core/search/run.h"
#include "core/train/train.h"
#endif
