# One Makefile, not recursive; objects never mix because MODE names the folder.
# All processors are used, unless `make -jN` says another number.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc)
endif
MODE ?= release
O    := build/$(MODE)
GEN  := build/gen
# Before `make deps` there is no compiler that could say what it compiles for.
MACHINE := $(or $(shell $(CC) -dumpmachine 2>/dev/null),$(shell uname -m))
IS_X86  := $(findstring x86_64,$(MACHINE))

PACKAGES := gcc clang clang-format clang-tidy libclang-rt-14-dev pkg-config \
	protobuf-c-compiler protobuf-compiler libprotobuf-dev libprotobuf-c-dev \
	libzmq3-dev liblmdb-dev libsodium-dev libssl-dev libyaml-dev \
	libjansson-dev libzstd-dev libsystemd-dev libmicrohttpd-dev \
	libcriterion-dev python3 python3-nacl python3-protobuf python3-zmq \
	python3-zstd systemd \
	$(if $(IS_X86),libipsec-mb-dev)

CSTD := -std=c11 -D_GNU_SOURCE -I. -I$(GEN)
WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion \
	-Wstrict-prototypes -Wmissing-prototypes -Wcast-qual -Wwrite-strings \
	-Wundef -Wvla -Wformat=2 -Wimplicit-fallthrough
HARD := -fstack-protector-strong -fstack-clash-protection \
	$(if $(IS_X86),-fcf-protection=full) \
	$(if $(findstring aarch64,$(MACHINE)),-mbranch-protection=standard) \
	-fno-strict-overflow -fno-strict-aliasing \
	-fno-delete-null-pointer-checks -ftrivial-auto-var-init=zero
# For any x86-64; as it is, GCC clears and copies each structure with `rep stos`
# and `rep movs`, which take longer to start than the bytes (decision 0209).
TUNE := $(if $(IS_X86),-mtune=skylake)
debug   := -O0 -g3
release := -O3 -g -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 $(HARD) $(TUNE)
asan    := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
MODEFLAGS := $(or $($(MODE)),$(error unknown MODE $(MODE)))
FLAGS   := $(CSTD) -MMD -MP -fPIC -fvisibility=hidden $(WARN) \
	$(if $(WERROR),-Werror) $(MODEFLAGS) -ffile-prefix-map=$(CURDIR)=. \
	$(CFLAGS)
LINK    := $(MODEFLAGS) -Wl,-z,relro,-z,now,-z,noexecstack,--as-needed \
	$(LDFLAGS)
PREFIX  ?= /usr/local
# Criterion 2.4.1 passes a test that leaks unless the leak report aborts.
export ASAN_OPTIONS := abort_on_error=1:detect_leaks=1
export UBSAN_OPTIONS := print_stacktrace=1:halt_on_error=1

PROTO   := $(wildcard proto/almoner/v1/*.proto)
GENERATED := $(PROTO:proto/%.proto=$(GEN)/%.pb-c.c) \
	$(GEN)/google/protobuf/descriptor.pb-c.c
GENHDRS := $(GENERATED:.c=.h)
STANDARDS := $(patsubst proto/standards/%.proto,build/standards/%.fds,\
	$(wildcard proto/standards/*.proto))

obj      = $(patsubst %.c,$(O)/%.o,$(wildcard $(1)))
LIB     := $(O)/libalm.a
CORE    := $(call obj,broker/core/*.c)
POLICY  := $(call obj,broker/policy/*.c) $(CORE)
STORE   := $(call obj,broker/store/*.c broker/store/index/*.c)
AUTH    := $(call obj,broker/auth/*.c)
CONFIG  := $(call obj,broker/config/*.c)
# What of the command line reads what others wrote; fuzzed with the broker's.
READERS := cli/people/json.c cli/people/csv.c cli/people/dat.c \
	cli/policy/decide_json.c cli/audit/check_page.c
EDGE    := $(call obj,broker/edge/*.c)
BROKER  := $(filter-out $(O)/broker/main.o,$(call obj,broker/*.c \
	broker/loop/*.c broker/rules/*.c broker/mail/*.c broker/identity/*.c \
	broker/evidence/*.c broker/admin/*.c broker/watch/*.c))
CLIENT  := $(call obj,agents/client/*.c)
FOLDER  := $(call obj,agents/folder/*.c)
BENCH   := $(call obj,agents/bench/*.c)
CLI     := $(call obj,cli/*.c cli/*/*.c)
ROLES   := $(patsubst agents/roles/%.c,$(O)/roles/almoner-role-%,\
	$(filter-out agents/roles/role.c agents/roles/fields.c \
	agents/roles/words.c,$(wildcard agents/roles/*.c)))
EXAMPLES := $(patsubst agents/examples/%.c,$(O)/examples/%,\
	$(wildcard agents/examples/*.c))
SUPPORT := $(call obj,tests/support/tempdir.c)
FIXTURE := $(call obj,tests/support/*.c)
UNIT    := $(patsubst tests/%.c,$(O)/tests/%,\
	$(wildcard tests/unit/*/test_*.c tests/unit/*/*/test_*.c))
INTEGRATION := $(patsubst tests/%.c,$(O)/tests/%,\
	$(wildcard tests/integration/*.c))
FUZZ    := $(patsubst tests/fuzz/%.c,build/fuzz/%,\
	$(wildcard tests/fuzz/fuzz_*.c))
REPLAY  := $(patsubst tests/fuzz/%.c,$(O)/tests/fuzz/%,\
	$(wildcard tests/fuzz/fuzz_*.c))

L_LIB    := -lprotobuf-c -lyaml -lsodium -lcrypto -lzstd
L_LANES  := $(if $(IS_X86),-lIPSec_MB)
L_BROKER := -lzmq -llmdb -lsystemd -lmicrohttpd $(L_LIB) $(L_LANES)
L_CLIENT := -lzmq $(L_LIB)
L_FOLDER := -lsystemd $(L_CLIENT)
L_CLI    := -lzmq -llmdb -ljansson $(L_LIB) $(L_LANES)

PROGRAMS := $(O)/almonerd $(O)/almoner $(O)/almoner-agent $(O)/libalmoner.so \
	$(ROLES) $(EXAMPLES) $(STANDARDS)

.PHONY: all deps test check lint format fuzz corpus mutate demo bench \
	bench-peers crash-test net-test install uninstall clean
.DELETE_ON_ERROR:
.SECONDARY:

all: $(PROGRAMS)

deps:
	DEBIAN_FRONTEND=noninteractive apt-get update -q
	DEBIAN_FRONTEND=noninteractive apt-get install -y -q \
		--no-install-recommends $(PACKAGES)

# `make deps demo` must install first, also under -j.
ifneq ($(filter deps,$(MAKECMDGOALS)),)
$(filter-out deps,$(MAKECMDGOALS)) $(GENERATED) $(STANDARDS) \
	$(O)/tests/clock/shim.so: | deps
endif

demo: all
	$(O)/almoner demo

test: all $(UNIT) $(INTEGRATION) $(REPLAY) $(O)/tests/fuzz/make_corpus
	tests/run $(O) $(UNIT) $(INTEGRATION) -- $(REPLAY)

check:
	$(MAKE) lint
	$(MAKE) WERROR=1 MODE=asan test
	$(MAKE) WERROR=1 MODE=release all
	$(MAKE) MODE=release demo

lint: $(GENERATED)
	tools/check-deps.sh
	tools/check-size.sh
	tools/check-names
	tools/check-format.sh
	tools/check-tidy.sh $(CSTD)

format:
	tools/check-format.sh --write

fuzz: $(FUZZ)
	tests/fuzz/run $(FUZZ)

# The wire's seeds, and golden frames of what is new: what is checked in stays.
corpus: $(O)/tests/fuzz/make_corpus
	$< tests/fuzz/corpus tests/data/wire

# Breaks the decision in one place at a time; see docs/PROOF.md.
mutate: $(GENERATED)
	tools/mutate

# Kill the broker ROUNDS times under load and check every promise it made.
ROUNDS ?= 500
SEED   ?= 20261122
crash-test: all $(O)/tests/integration/crash
	CRASH_ROUNDS=$(ROUNDS) CRASH_SEED=$(SEED) \
		ALMONER_BUILD=$(abspath $(O)) $(O)/tests/integration/crash

# Bad networks at length, with root also netem; NET_ROUNDS=100.
NET_ROUNDS ?= 100
net-test: all $(O)/tests/integration/network
	tests/net/run $(O) $(NET_ROUNDS)

bench: all
	tests/bench/run $(O)

# Against other brokers; installs them, so it is run as root.
PEERS := nats-server libnats-dev mosquitto libmosquitto-dev
bench-peers: all
	dpkg -s $(PEERS) >/dev/null 2>&1 || \
		DEBIAN_FRONTEND=noninteractive apt-get install -y -q \
		--no-install-recommends $(PEERS)
	$(CC) $(CSTD) $(WARN) $(MODEFLAGS) -Wno-conversion \
		-o $(O)/bench-peers tests/bench/peers/*.c \
		agents/bench/process.c -lnats -lmosquitto
	tests/bench/peers/run $(O)

install: all
	tools/install.sh "$(O)" "$(DESTDIR)" "$(PREFIX)"

uninstall: all
	tools/install.sh --remove "$(O)" "$(DESTDIR)" "$(PREFIX)"

clean:
	rm -rf build

# --- programs ---------------------------------------------------------------

$(O)/almonerd: $(O)/broker/main.o $(BROKER) $(EDGE) $(STORE) $(AUTH) \
		$(CONFIG) $(POLICY) $(LIB)
	$(CC) $(LINK) -pie -o $@ $^ $(L_BROKER)
$(O)/almoner: $(CLI) $(BENCH) $(STORE) $(CONFIG) $(POLICY) $(CLIENT) $(LIB)
	$(CC) $(LINK) -pie -o $@ $^ $(L_CLI)
$(O)/almoner-agent: $(FOLDER) $(CLIENT) $(LIB)
	$(CC) $(LINK) -pie -o $@ $^ $(L_FOLDER)
$(O)/libalmoner.so: $(CLIENT) $(LIB) agents/client/libalmoner.map
	$(CC) $(LINK) -shared -Wl,-soname,libalmoner.so.0 \
		-Wl,--version-script=agents/client/libalmoner.map \
		-o $@ $(CLIENT) $(LIB) $(L_CLIENT)
	ln -sf libalmoner.so $(O)/libalmoner.so.0
$(O)/roles/almoner-role-%: $(O)/agents/roles/%.o $(O)/agents/roles/role.o \
		$(O)/agents/roles/fields.o $(O)/agents/roles/words.o \
		$(CLIENT) $(LIB)
	@mkdir -p $(@D)
	$(CC) $(LINK) -pie -o $@ $^ $(L_CLIENT)
# The intruder speaks the wire itself: the library would not do what it does.
$(O)/roles/almoner-role-intruder: $(O)/agents/roles/intruder.o $(LIB)
	@mkdir -p $(@D)
	$(CC) $(LINK) -pie -o $@ $^ $(L_CLIENT)
# Examples see only what an integrator sees: the header and the shared library.
$(O)/examples/%: agents/examples/%.c $(O)/libalmoner.so
	@mkdir -p $(@D)
	$(CC) $(MODEFLAGS) -std=c11 -Wall -Wextra -Iagents/include -o $@ $< \
		-L$(O) -lalmoner -Wl,-rpath,'$$ORIGIN/..'
$(LIB): $(call obj,lib/*.c lib/wire/*.c lib/yaml/*.c) \
		$(GENERATED:%.c=$(O)/%.o)
	rm -f $@ && $(AR) rcsD $@ $^

build/standards/%.fds: proto/standards/%.proto $(wildcard proto/standards/*)
	@mkdir -p $(@D)
	protoc -Iproto -I/usr/include --include_imports -o $@ $<

# --- tests ------------------------------------------------------------------

# Core tests link with nothing but libc: the linker defends the architecture.
$(O)/tests/unit/core/%: $(O)/tests/unit/core/%.o $(CORE) $(LIB)
	$(CC) $(LINK) -o $@ $^ -lcriterion
$(O)/tests/unit/lib/%: $(O)/tests/unit/lib/%.o $(LIB) | $(STANDARDS)
	$(CC) $(LINK) -o $@ $^ -lcriterion $(L_LIB) $(L_LANES)
$(O)/tests/unit/policy/%: $(O)/tests/unit/policy/%.o $(POLICY) $(LIB) \
		| $(STANDARDS)
	$(CC) $(LINK) -o $@ $^ -lcriterion $(L_LIB) $(L_LANES)
$(O)/tests/unit/store/%: $(O)/tests/unit/store/%.o $(SUPPORT) $(STORE) \
		$(CORE) $(LIB)
	$(CC) $(LINK) -o $@ $^ -lcriterion -llmdb $(L_LIB) $(L_LANES)
$(O)/tests/unit/auth/%: $(O)/tests/unit/auth/%.o $(AUTH) $(LIB)
	$(CC) $(LINK) -o $@ $^ -lcriterion $(L_LIB) $(L_LANES)
$(O)/tests/unit/config/%: $(O)/tests/unit/config/%.o $(SUPPORT) $(CONFIG) $(LIB)
	$(CC) $(LINK) -o $@ $^ -lcriterion $(L_LIB) $(L_LANES)
$(O)/tests/unit/support/%: $(O)/tests/unit/support/%.o $(SUPPORT) $(LIB)
	$(CC) $(LINK) -o $@ $^ -lcriterion $(L_LIB)
$(O)/tests/unit/broker/%: $(O)/tests/unit/broker/%.o $(SUPPORT) $(BROKER) \
		$(EDGE) $(STORE) $(AUTH) $(CONFIG) $(POLICY) $(LIB)
	$(CC) $(LINK) -o $@ $^ -lcriterion $(L_BROKER)
$(O)/tests/unit/agents/%: $(O)/tests/unit/agents/%.o $(SUPPORT) \
		$(filter-out %/main.o,$(FOLDER)) $(CLIENT) $(LIB)
	$(CC) $(LINK) -o $@ $^ -lcriterion $(L_FOLDER)
$(O)/tests/unit/cli/%: $(O)/tests/unit/cli/%.o $(SUPPORT) \
		$(filter-out %/main.o,$(CLI)) $(BENCH) $(STORE) $(CONFIG) \
		$(POLICY) $(CLIENT) $(LIB)
	$(CC) $(LINK) -o $@ $^ -lcriterion $(L_CLI)
$(O)/tests/integration/%: $(O)/tests/integration/%.o $(FIXTURE) $(STORE) \
		$(POLICY) $(CLIENT) $(LIB) $(PROGRAMS)
	$(CC) $(LINK) -o $@ $(filter %.o %.a,$^) -lcriterion $(L_CLI)
$(O)/tests/integration/crash $(O)/tests/integration/network: \
	$(call obj,tests/crash/*.c)
# Loaded into the daemon alone, before anything else: the time of day that it is
# told.
$(O)/tests/clock/shim.so: tests/clock/shim.c
	@mkdir -p $(@D)
	$(CC) $(CSTD) -Wall -Wextra -O1 -fPIC -shared -o $@ $<
$(O)/tests/integration/clock $(O)/tests/integration/agents_folder_clock: \
	| $(O)/tests/clock/shim.so
$(O)/tests/fuzz/%: $(O)/tests/fuzz/%.o $(O)/tests/fuzz/replay.o \
		$(CLIENT) $(O)/broker/loop/weigh.o \
		$(STORE) $(AUTH) $(CONFIG) $(POLICY) $(call obj,$(READERS)) \
		$(LIB)
	$(CC) $(LINK) -o $@ $^ -llmdb -ljansson $(L_CLIENT) $(L_LANES)
$(O)/tests/fuzz/make_corpus: $(O)/tests/fuzz/make_corpus.o $(LIB)
	$(CC) $(LINK) -o $@ $^ $(L_LIB) $(L_LANES)
FUZZ_SRC := $(wildcard lib/*.c lib/wire/*.c lib/yaml/*.c broker/core/*.c \
	broker/policy/*.c broker/auth/*.c broker/config/*.c broker/store/*.c \
	broker/store/index/*.c agents/client/*.c) broker/loop/weigh.c $(READERS)
build/fuzz/%: tests/fuzz/%.c $(FUZZ_SRC) $(GENERATED)
	@mkdir -p $(@D)
	clang $(CSTD) -g -O1 -fsanitize=fuzzer,address,undefined -o $@ $^ \
		-llmdb -ljansson $(L_CLIENT) $(L_LANES)

# --- objects ----------------------------------------------------------------

$(O)/build/gen/%.o: build/gen/%.c | $(GENERATED)
	@mkdir -p $(@D)
	$(CC) $(CSTD) -MMD -MP -fPIC -fvisibility=hidden $(MODEFLAGS) -c -o $@ $<
$(O)/tests/%.o: tests/%.c | $(GENERATED)
	@mkdir -p $(@D)
	$(CC) $(filter-out -Wpedantic -fvisibility=hidden,$(FLAGS)) \
		-Wno-sign-conversion -Wno-conversion -c -o $@ $<
$(O)/%.o: %.c | $(GENERATED)
	@mkdir -p $(@D)
	$(CC) $(FLAGS) -c -o $@ $<
$(GEN)/google/protobuf/descriptor.pb-c.c:
	@mkdir -p $(GEN)
	protoc-c -I/usr/include --c_out=$(GEN) \
		/usr/include/google/protobuf/descriptor.proto
$(GEN)/%.pb-c.c: proto/%.proto
	@mkdir -p $(@D)
	protoc-c -Iproto -I/usr/include --c_out=$(GEN) $<

-include $(shell find $(O) -name '*.d' 2>/dev/null)
