# Afield's only build file. `make help` lists the targets.
# Knobs: SAN=address,undefined  CUDA=0|1  CUDNN_HOME=dir|none  ONEDNN=0|1  CC=clang  OPT=-O2  V=1
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
MAKEFLAGS += -rR --no-print-directory
VERSION := $(shell sed -n 's/^.define AF_VERSION "\(.*\)"/\1/p' core/base/version.h)
JOBS    ?= $(shell nproc 2>/dev/null || echo 1)
CC      := $(if $(filter default undefined,$(origin CC)),gcc,$(CC))
CXX     := $(if $(filter default undefined,$(origin CXX)),$(if $(findstring clang,$(CC)),clang++,g++),$(CXX))
AR      := $(if $(filter default undefined,$(origin AR)),ar,$(AR))
OPT     ?= $(if $(SAN),-O1,-O3) -g
PREFIX  ?= /usr/local
Q       := $(if $(V),,@)
comma   := ,
space   := $() $()
define nl


endef

# ---- what it stands on: pkg-config name:Debian package, then headers without a .pc file --------------
first    = $(firstword $(subst :, ,$(1)))
last     = $(lastword $(subst :, ,$(1)))
PC_DEPS  := fftw3:libfftw3-dev hdf5:libhdf5-dev matio:libmatio-dev libarchive:libarchive-dev \
            jansson:libjansson-dev sndfile:libsndfile1-dev zlib:zlib1g-dev libcyaml:libcyaml-dev yaml-0.1:libyaml-dev libcrypto:libssl-dev libcurl:libcurl4-openssl-dev cmocka:libcmocka-dev
PACKAGES := build-essential pkg-config gnuplot-nox libdnnl-dev $(foreach d,$(PC_DEPS),$(call last,$(d)))
PC_NAMES := $(foreach d,$(PC_DEPS),$(call first,$(d)))
PC_LIBS  := $(filter-out cmocka,$(PC_NAMES))
pc        = $(shell pkg-config $(1) 2>/dev/null)
MISSING   = $(shell for c in $(CC) $(CXX) make pkg-config; do command -v $$c >/dev/null 2>&1 || echo build-essential pkg-config; done; \
              $(foreach d,$(PC_DEPS),pkg-config --exists $(call first,$(d)) 2>/dev/null || echo $(call last,$(d));) \
              command -v gnuplot >/dev/null 2>&1 || echo gnuplot-nox; \
              $(if $(HAS_DNNL),,echo libdnnl-dev))

# ---- flags -------------------------------------------------------------------------------------------
NVCC      ?= $(or $(shell command -v nvcc 2>/dev/null),$(wildcard /usr/local/cuda/bin/nvcc))
CUDA      ?= $(if $(NVCC),1,0)
# asked of the compiler, with the CPPFLAGS of the environment: dnnl.h has no .pc file everywhere
HAS_DNNL  := $(shell printf '\043if !__has_include(<dnnl.h>)\n\043error none\n\043endif\n' | $(CC) $(CPPFLAGS) -E -x c - >/dev/null 2>&1 && echo 1)
ONEDNN    ?= $(if $(HAS_DNNL),1,0)
CUDA_ARCH ?= 80 90
WARN := -Wall -Wextra -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
        -Wcast-qual -Wwrite-strings -Wundef -Wformat=2 -Werror \
        $(if $(SAN),-Wno-format-truncation -Wno-format-overflow -Wno-maybe-uninitialized)
CFLAGS   += -std=c11 $(WARN) $(OPT) -fPIC -fopenmp -ffp-contract=off -fno-math-errno \
            $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all)
# kernels are C++, for its templates alone: nothing of its library. They round as the CPU does (-fmad=false)
CXXFLAGS := -std=c++20 -fno-exceptions -fno-rtti -Wall -Wextra -Wshadow -Werror -Wno-missing-field-initializers \
            $(filter-out -std=% -W% $(WARN),$(CFLAGS))
CPPFLAGS += -D_GNU_SOURCE -I. $(patsubst -I%,-isystem %,$(call pc,--cflags-only-I $(PC_NAMES)))
LDFLAGS  += -fopenmp $(if $(SAN),-fsanitize=$(SAN)) $(call pc,--libs-only-L $(PC_NAMES))
LDLIBS   += $(call pc,--libs-only-l $(PC_LIBS)) $(if $(filter 1,$(ONEDNN)),-ldnnl) -ldl -lm
ifeq ($(CUDA),1)
CUDA_HOME ?= $(patsubst %/bin/nvcc,%,$(realpath $(NVCC)))
CPPFLAGS  += -isystem $(CUDA_HOME)/include
# machine code for each architecture, and PTX of the last for those to come
GENCODE   := $(foreach a,$(CUDA_ARCH),-gencode arch=compute_$(a),code=sm_$(a)) \
             -gencode arch=compute_$(lastword $(CUDA_ARCH)),code=compute_$(lastword $(CUDA_ARCH))
LDFLAGS   += -L$(CUDA_HOME)/lib64 -Wl,-rpath,$(CUDA_HOME)/lib64
LDLIBS    += -lcudart -lstdc++
# cuDNN, where it is: CUDNN_HOME, the toolkit, the system, a Python wheel; CUDNN_HOME=none goes without
ifndef CUDNN_HOME
CUDNN_HOME := $(or $(firstword $(foreach d,$(CUDA_HOME) /usr/local /usr,$(if $(wildcard $(d)/include/cudnn.h),$(d)))), \
                $(shell python3 -c 'import nvidia.cudnn as m; print(m.__path__[0])' 2>/dev/null))
endif
CUDNN_LIB := $(firstword $(wildcard $(foreach l,lib64 lib lib/*-linux-gnu,$(CUDNN_HOME)/$(l)/libcudnn.so $(CUDNN_HOME)/$(l)/libcudnn.so.*)))
ifneq ($(and $(wildcard $(CUDNN_HOME)/include/cudnn.h),$(CUDNN_LIB)),)
CPPFLAGS  += -DAF_CUDNN $(addprefix -isystem ,$(filter-out /usr/include,$(CUDNN_HOME)/include))
LDFLAGS   += -Wl,-rpath,$(dir $(CUDNN_LIB))
LDLIBS    += $(CUDNN_LIB)
endif
endif
# one object tree per sanitizer, compiler and backend set; `make clean` after changing OPT or CUDNN_HOME
BUILD := build/$(if $(SAN),san-$(subst $(comma),-,$(SAN)),release)$(if $(filter-out gcc cc,$(CC)),-$(notdir $(CC)))$(if $(filter 1,$(CUDA)),-cuda)$(if $(filter 1,$(ONEDNN)),-dnnl)
GEN   := $(BUILD)/gen

# ---- plugins: foo.c in a kind's directory defines `const af_<kind> af_<kind>_foo`; a directory foo/
# ---- beside it holds foo's helpers and is not scanned -----------------------------------------------
KINDS         := op backend space metric task prep searcher
DIR_op        := core/ops
DIR_backend   := core/backends
DIR_space     := core/spaces baselines
DIR_metric    := core/metrics
DIR_task      := tasks
DIR_prep      := data-prep
DIR_searcher  := searchers
SKIP  := $(if $(filter 1,$(CUDA)),,cuda) $(if $(filter 1,$(ONEDNN)),,onednn)
names  = $(filter-out $(SKIP),$(sort $(basename $(notdir $(wildcard $(addsuffix /*.c,$(DIR_$(1))))))))
define registry_of
$(if $(call names,$(1)),extern const af_$(1) $(subst $(space),$(comma) ,$(strip $(foreach n,$(call names,$(1)),af_$(1)_$(n))));)
static const af_$(1) *const $(1)s[] = {$(foreach n,$(call names,$(1)),&af_$(1)_$(n),) 0};
endef
define REGISTRY
/* Generated from the directory listing by the Makefile. */
#include "core/registry.h"
$(foreach k,$(KINDS),$(call registry_of,$(k))$(nl))
const af_registry af_builtin = {$(foreach k,$(KINDS),.$(k) = $(k)s,)};
endef
CMDS := $(sort $(patsubst eval/cmd_%.c,%,$(wildcard eval/cmd_*.c)))
define COMMANDS
/* Generated from the directory listing by the Makefile. */
#include "eval/cli.h"
extern const af_cmd $(subst $(space),$(comma) ,$(strip $(foreach n,$(CMDS),af_cmd_$(n))));
const af_cmd *const af_commands[] = {$(foreach n,$(CMDS),&af_cmd_$(n),) 0};
endef
export REGISTRY COMMANDS

CORE_SRC := $(filter-out core/ops/% core/backends/% core/spaces/% core/metrics/%,$(wildcard core/*.c core/*/*.c))
PLUG_SRC := $(foreach k,$(KINDS),$(foreach d,$(DIR_$(k)),$(foreach n,$(call names,$(k)),\
              $(wildcard $(d)/$(n).c $(d)/$(n)/*.c $(d)/$(n)/*.cu)))) $(wildcard data-prep/formats/*.c data-prep/own/*.c)
CU_SRC   := $(wildcard core/backends/cuda/*.cu)
F64_SRC  := $(wildcard core/ops/*.c) core/train/loss.c core/train/optimiser.c
EVAL_SRC := $(wildcard eval/*.c)
obj       = $(addprefix $(BUILD)/,$(addsuffix .o,$(basename $(1))))
LIB_OBJ  := $(call obj,$(CORE_SRC) $(PLUG_SRC)) $(addprefix $(BUILD)/f64/,$(F64_SRC:.c=.o)) \
            $(addprefix $(BUILD)/host/,$(CU_SRC:.cu=.o)) $(GEN)/registry.o
LIB      := $(BUILD)/libafield.a
SOLIB    := $(BUILD)/libafield.so.$(VERSION)
CMD_OBJ  := $(call obj,$(filter-out eval/main.c,$(EVAL_SRC))) $(GEN)/commands.o $(GEN)/published.o
TESTS    := $(patsubst tests/%.c,$(BUILD)/tests/%,$(filter-out $(if $(filter 1,$(ONEDNN)),,tests/test_amx.c),$(wildcard tests/test_*.c)))
TEST_AID := $(call obj,$(wildcard tests/aid/*.c) bench/networks.c bench/darts.c)
BENCH    := $(BUILD)/bench/engine
FUZZERS  := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))

.PHONY: all deps demo test test-run test-long test-gpu bench bench-gpu gpu-kit fuzz fuzz-tree install clean help FORCE
all: $(BUILD)/afield $(SOLIB) $(BUILD)/afield.pc $(if $(SAN),,afield)  ## build ./afield and libafield

deps:               ## install what is missing (Debian, Ubuntu), or list it
	@sh tests/aid/deps.sh "$(sort $(MISSING))" "$(PACKAGES)"

demo:               ## install, build, and compare three methods on ten tasks
	@$(MAKE) deps && $(MAKE) -j$(JOBS) all && ./afield bench suites/demo.yaml --out build/demo --html build/demo/report.html --jobs $(JOBS) --resume

test:               ## install, build, and run every test (T=name for one; SAN=address,undefined)
	@$(MAKE) deps && $(MAKE) -j$(JOBS) all test-programs && $(MAKE) test-run

test-long:          ## bf16 with longer trainings (needs AFIELD_TESTDATA); 100 runs killed and resumed
	@$(MAKE) -j$(JOBS) $(BUILD)/afield $(BUILD)/tests/test_bf16 $(BUILD)/tests/test_kill && \
	    AFIELD_LONG=1 $(BUILD)/tests/test_bf16 && AFIELD_KILLS=100 $(BUILD)/tests/test_kill

bench: $(BENCH)     ## time the engine (BENCH_SECONDS=5 a row); writes bench.csv in the build directory
	$(Q)$(BENCH) --seconds $(or $(BENCH_SECONDS),5) $(BUILD)/bench.csv

GPU_TESTS := backend op plan passes mix losscurve train pause jobs gang darts device_compose
test-gpu:           ## on a machine with an NVIDIA card: tests of backends there, the same runs twice
	@$(MAKE) -j$(JOBS) $(BUILD)/afield && { ! BUILD=$(BUILD) sh tests/aid/gpu.sh present || { \
	    $(MAKE) -j$(JOBS) $(addprefix $(BUILD)/tests/test_,$(GPU_TESTS)) && BUILD=$(BUILD) sh tests/aid/gpu.sh test $(GPU_TESTS); }; }
bench-gpu:          ## on such a machine: times training steps; appends to tests/bench/<card>.csv
	@$(MAKE) -j$(JOBS) $(BUILD)/afield && { ! BUILD=$(BUILD) sh tests/aid/gpu.sh present || { \
	    $(MAKE) -j$(JOBS) $(BENCH) && BUILD=$(BUILD) sh tests/aid/gpu.sh bench; }; }
gpu-kit:            ## pack build/afield-gpu-kit.tar.gz for a GPU machine that has CUDA and gcc alone
	@sh tests/aid/pack-gpu-kit.sh build/afield-gpu-kit.tar.gz "$(PC_NAMES)"

$(GEN)/registry.c: FORCE | $(GEN)/
	$(Q)printenv REGISTRY | cmp -s - $@ || printenv REGISTRY > $@
$(GEN)/commands.c: FORCE | $(GEN)/
	$(Q)printenv COMMANDS | cmp -s - $@ || printenv COMMANDS > $@
$(GEN)/published.c: paper-results/nb360.csv | $(GEN)/
	$(Q){ echo '/* Generated from $< by the Makefile. */'; echo '#include "eval/published.h"'; \
	    echo 'const char af_published_csv[] ='; sed 's/[\\"]/\\&/g; s/.*/    "&\\n"/' $<; echo ';'; } > $@
$(LIB): $(LIB_OBJ)
	$(Q)rm -f $@ && $(AR) qcs $@ $^
$(SOLIB): $(LIB_OBJ)
	$(Q)$(CC) -shared -Wl,-soname,libafield.so.0 $(LDFLAGS) -o $@ $^ $(LDLIBS)
# plugins find all of the library in the program
$(BUILD)/afield: $(call obj,eval/main.c) $(CMD_OBJ) $(LIB)
	$(Q)$(CC) $(LDFLAGS) -rdynamic -o $@ $(filter %.o,$^) -Wl,--whole-archive $(LIB) -Wl,--no-whole-archive $(LDLIBS)
afield: $(BUILD)/afield FORCE
	$(Q)cmp -s $< $@ || { cp $< $@.new && mv $@.new $@; }
$(BUILD)/afield.pc: FORCE | $(BUILD)/
	$(Q)printf 'prefix=%s\nlibdir=$${prefix}/lib\nincludedir=$${prefix}/include\n\nName: afield\nDescription: cross-domain benchmark for neural architecture search\nVersion: %s\nRequires.private: jansson hdf5\nLibs: -L$${libdir} -lafield\nLibs.private: %s\nCflags: -I$${includedir}/afield\n' '$(PREFIX)' '$(VERSION)' '$(strip $(LDFLAGS) $(LDLIBS))' > $@
$(BENCH): $(call obj,$(wildcard bench/*.c)) $(LIB)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)
$(TESTS): $(BUILD)/tests/%: $(BUILD)/tests/%.o $(TEST_AID) $(CMD_OBJ) $(LIB)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcmocka $(LDLIBS)

.SECONDEXPANSION:
$(GEN)/%.o: $(GEN)/%.c
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<
$(BUILD)/f64/%.o: %.c | $$(@D)/
	@echo "  CC64  $<"
	$(Q)$(CC) $(CPPFLAGS) -DAF_DOUBLE $(CFLAGS) -MMD -MP -c -o $@ $<
$(BUILD)/%.o: %.c | $$(@D)/
	@echo "  CC    $<"
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<
$(BUILD)/host/%.o: %.cu | $$(@D)/
	@echo "  CXX   $<"
	$(Q)$(CXX) $(CPPFLAGS) $(CXXFLAGS) -MMD -MP -x c++ -c -o $@ $<
$(BUILD)/%.o: %.cu | $$(@D)/
	@echo "  NVCC  $<"
	$(Q)$(NVCC) -I. -std=c++20 -O2 -fmad=false '-DAF_ANYWHERE=__host__ __device__ static inline' $(GENCODE) -Xcompiler -fPIC -Werror all-warnings -MMD -MP -c -o $@ $<
%/:
	$(Q)mkdir -p $@

RUN := $(addprefix run-,$(notdir $(if $(T),$(filter %/test_$(T),$(TESTS)),$(TESTS))))
.PHONY: $(RUN) check-includes check-headers check-cli
.PHONY: test-programs
test-programs: $(TESTS) $(BENCH)
test-run: $(RUN) $(if $(T),,check-includes check-headers check-cli)
	@echo "all tests passed"
$(RUN): run-%: $(BUILD)/tests/% $(BUILD)/afield
	@echo "  TEST  $*"
	$(Q)$<
check-includes:
	$(Q)sh tests/aid/includes.sh tests/deps.txt
check-headers:      # every header compiles alone
	$(Q)for h in afield.h core/*.h core/*/*.h searchers/*/*.h data-prep/formats/*.h data-prep/own/*.h eval/*.h bench/*.h; do \
	    test ! -e $$h || $(CC) $(CPPFLAGS) $(CFLAGS) -fsyntax-only -x c $$h 2>&1 | grep -v 'pragma once' || true; done | { ! grep .; }
check-cli: $(BUILD)/afield
	$(Q)AFIELD=$(abspath $<) sh tests/cli/run.sh

FUZZ_SAN  := address,undefined,fuzzer-no-link
FUZZ_TREE := build/san-$(subst $(comma),-,$(FUZZ_SAN))-clang$(if $(filter 1,$(CUDA)),-cuda)$(if $(filter 1,$(ONEDNN)),-dnnl)
fuzz: $(FUZZERS)    ## build and run every fuzz target for FUZZ_SECONDS (60) each; needs clang
	$(Q)for f in $^; do echo "  FUZZ  $$f"; mkdir -p $$f.corpus; $$f $$f.corpus $$(ls -d tests/fuzz/seeds/$$(basename $$f) 2>/dev/null) \
	    -max_total_time=$(or $(FUZZ_SECONDS),60) -rss_limit_mb=2048 -print_final_stats=1 || exit 1; done
FUZZ_OBJS := $(addprefix $(FUZZ_TREE)/,$(patsubst %.c,%.o,$(filter-out eval/main.c,$(EVAL_SRC))) gen/commands.o gen/published.o libafield.a)
fuzz-tree:
	$(Q)$(MAKE) CC=clang SAN=$(FUZZ_SAN) WARN=-w $(FUZZ_OBJS)
$(FUZZERS): $(BUILD)/fuzz/%: tests/fuzz/%.c fuzz-tree | $(BUILD)/fuzz/
	$(Q)clang $(CPPFLAGS) $(filter-out -W%,$(CFLAGS)) -fsanitize=fuzzer,address,undefined -o $@ $< $(FUZZ_OBJS) $(LDFLAGS) $(LDLIBS)

install: all        ## install under $(DESTDIR)$(PREFIX)
	install -d $(addprefix $(DESTDIR)$(PREFIX)/,bin lib/pkgconfig include/afield)
	install $(BUILD)/afield $(DESTDIR)$(PREFIX)/bin/afield
	install -m 644 $(LIB) $(BUILD)/afield.pc $(DESTDIR)$(PREFIX)/lib/
	mv $(DESTDIR)$(PREFIX)/lib/afield.pc $(DESTDIR)$(PREFIX)/lib/pkgconfig/
	install $(SOLIB) $(DESTDIR)$(PREFIX)/lib/
	ln -sf libafield.so.$(VERSION) $(DESTDIR)$(PREFIX)/lib/libafield.so.0
	ln -sf libafield.so.0 $(DESTDIR)$(PREFIX)/lib/libafield.so
	for h in afield.h core/*.h core/*/*.h; do install -D -m 644 $$h $(DESTDIR)$(PREFIX)/include/afield/$$h; done

help:               ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12
clean:              ## remove everything that was built
	rm -rf build afield
.PRECIOUS: %/
.SECONDARY:
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
