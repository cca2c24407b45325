/* test_held.c - what launches hold of the network: addresses of the pool, bridges, forwarding
 *
 * Each scenario has a network and a /run of its own. Launchers are processes that hold something
 * until they are killed; entries are also written as no launcher would.
 */
#include <dirent.h>
#include <net/if.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "launcher/net/batch.h"
#include "launcher/net/bridge.h"
#include "launcher/net/forward.h"
#include "launcher/net/held.h"
#include "launcher/net/rtnl.h"
#include "tests/unit/fake_host.h"
#include "tests/unit/tap.h"

enum { CROWD = 50, FORWARD_SIZE = 4 };

static char *const no_environment[] = { NULL };
static const char forward_path[] = "/proc/sys/net/ipv4/ip_forward";

/* What the launchers of a crowd got, in shared memory. */
static volatile uint32_t *lent;

static void own_run(void)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("tmpfs", "/run", "tmpfs", 0, "mode=755") != 0)
		_exit(9);
}

static struct held open_held(void)
{
	struct held held = HELD_NOTHING;
	struct err err;

	if (held_open(&held, no_environment, &err) < 0)
		_exit(10);
	return held;
}

static void sweep(const struct held *held)
{
	struct err err;
	int mutex = held_mutex(held, &err);

	held_sweep(held);
	close(mutex);
}

/* How many entries below the state directory begin with @prefix. */
static int entries(int directory, const char *prefix)
{
	DIR *list = fdopendir(openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	struct dirent *one;
	int count = 0;

	while (list && (one = readdir(list)))
		count += strncmp(one->d_name, prefix, strlen(prefix)) == 0;
	if (list)
		(void)closedir(list);
	return count;
}

static void put_entry(int directory, const char *name, const char *text)
{
	int fd = openat(directory, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	(void)!write(fd, text, strlen(text));
	close(fd);
}

static int lend(struct held *held, struct net_pair *pair)
{
	const struct pool_survey survey = { 0 };
	struct err err;
	int mutex = held_mutex(held, &err);
	int r;

	*pair = (struct net_pair){ .veth = { .pool = true, .pool6 = true } };
	held_sweep(held);
	r = pool_lend(held, &survey, pair, &err);
	close(mutex);
	return r;
}

/* Fifty launchers, which are all killed; then the next one. */
static void crowd_scenario(void)
{
	int pids[CROWD];
	struct held held;
	struct net_pair pair;

	own_run();
	memset((void *)(uintptr_t)lent, 0, CROWD * sizeof(*lent));
	for (int i = 0; i < CROWD; i++) {
		pids[i] = start(0);
		if (pids[i] == 0) {
			held = open_held();
			if (lend(&held, &pair) == 0)
				memcpy((void *)(uintptr_t)&lent[i], pair.veth.address.bytes, 4);
			for (;;)
				pause();
		}
	}
	for (int waited = 0; waited < WAIT_MS * 10; waited++) {
		outcome->reached = 0;
		for (int i = 0; i < CROWD; i++)
			outcome->reached += lent[i] != 0;
		if (outcome->reached == CROWD)
			break;
		usleep(1000);
	}
	for (int i = 0; i < CROWD; i++)
		for (int k = 0; k < i; k++)
			outcome->late += lent[i] == lent[k];
	held = open_held();
	sweep(&held);
	outcome->reached6 = entries(held.directory, "lease-");
	for (int i = 0; i < CROWD; i++) {
		(void)kill(pids[i], SIGKILL);
		(void)waitpid(pids[i], NULL, 0);
	}
	sweep(&held);
	outcome->late6 = entries(held.directory, "lease-");
	outcome->up = lend(&held, &pair) == 0 && pair.veth.address.bytes[0] == 10 &&
		      pair.veth.address.prefix == 32 && pair.veth.address6.bytes[0] == 0xfd &&
		      pair.veth.address.bytes[3] == pair.veth.address6.bytes[15];
	held_release(&held);
	held = open_held();
	outcome->gone = entries(held.directory, "lease-") == 0;
	outcome->ran = true;
}

static void full_scenario(void)
{
	const struct pool_survey survey = { .taken = { true, true, true } };
	const struct pool_survey second = { .taken = { true } };
	struct net_pair pair = { .veth = { .pool = true } };
	struct pool_subnet subnet = { 0, 5 };
	struct held held;
	struct err err;

	own_run();
	held = open_held();
	outcome->up = pool_lend(&held, &survey, &pair, &err) == -EADDRINUSE;
	outcome->echo = pool_lend(&held, &second, &pair, &err) == 0 &&
			pair.veth.address.bytes[0] == 172 && pair.veth.address.bytes[1] == 29;
	for (int i = 0; i < 253; i++) {
		struct held one = open_held();

		outcome->reached += pool_lend_on(&one, &subnet, &pair, &err) == 0 &&
				    pair.veth.address.bytes[2] == 0x85 &&
				    pair.veth.address.bytes[3] >= 2 &&
				    pair.veth.address.bytes[3] <= 254;
	}
	outcome->running = pool_lend_on(&held, &subnet, &pair, &err) == -EADDRNOTAVAIL;
	outcome->ran = true;
}

static int add_bridge(const char *name)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 5 };
	struct err err;
	struct batch batch;
	int fd = batch_open(batch_host, &err);
	int r;

	batch_start(&batch, batch_host, name);
	rtnl_add_bridge(&batch.request, name, mac);
	r = batch_call(&batch, fd, &err);
	close(fd);
	return r < 0 ? r : (int)if_nametoindex(name);
}

/* Entries of the dead: only what they have made goes, whatever is written. A new network numbers
 * its devices from 2 on. */
static void bridge_scenario(void)
{
	static const char *const kept[] = { "",
					    "given",
					    "mad",
					    "made0 1",
					    "made 0 1 3",
					    "made 0 1 99999999999999999999",
					    "made 0 1 -2",
					    "made 0 1 4294967298" };
	static const char *const gone[] = { "made 0 1 2", "made 99999999999 -7 3", "made 0 1",
					    "made x" };
	struct held held;

	own_run();
	held = open_held();
	outcome->up = add_bridge("lab0") == 2;
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		put_entry(held.bridges, "lab0", kept[i]);
		sweep(&held);
		outcome->up = outcome->up && if_nametoindex("lab0") == 2;
	}
	outcome->gone = true;
	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
		(void)add_bridge("lab0");
		put_entry(held.bridges, "lab0", gone[i]);
		sweep(&held);
		outcome->gone = outcome->gone && if_nametoindex("lab0") == 0;
	}
	put_entry(held.bridges, "lo", "made 0 1 1");
	put_entry(held.bridges, "a-name-that-no-device-can-have", "made 0 1");
	sweep(&held);
	outcome->running = if_nametoindex("lo") == 1 && entries(held.bridges, "") == 2;
	outcome->ran = true;
}

/* The first makes it, the second joins; the first is killed, the second is the last. */
static void users_scenario(void)
{
	struct net_pair pair = { .veth = { .pool = true, .bridge = "lab0" } };
	const struct pool_survey survey = { 0 };
	struct held first, second;
	struct err err;
	int fd;

	own_run();
	fd = batch_open(batch_host, &err);
	first = open_held();
	second = open_held();
	outcome->up =
		bridge_hold(&first, fd, &survey, &pair, &err) == 0 && if_nametoindex("lab0") > 0;
	outcome->echo = bridge_hold(&second, fd, &survey, &pair, &err) == 0;
	/* As the kernel does for who is killed. */
	close(first.bridge);
	close(first.lease);
	sweep(&second);
	outcome->running = if_nametoindex("lab0") > 0;
	held_release(&second);
	outcome->gone = if_nametoindex("lab0") == 0;
	outcome->ran = true;
}

static char forwarding(void)
{
	char text[FORWARD_SIZE] = { 0 };
	int fd = open(forward_path, O_RDONLY | O_CLOEXEC);

	(void)!read(fd, text, sizeof(text) - 1);
	close(fd);
	return text[0];
}

static void forward_scenario(void)
{
	static const char *const others[] = { "", "sett", "set ", "1", "\n" };
	const struct plan_veth veth = { .has_address = true, .forward = true };
	struct held first, second;
	char notice[128] = "";
	struct err err;

	own_run();
	first = open_held();
	second = open_held();
	outcome->up = forwarding() == '0' &&
		      forward_hold(&first, &veth, notice, sizeof(notice), &err) == 0 &&
		      forwarding() == '1' && strstr(notice, "ip_forward");
	notice[0] = '\0';
	outcome->echo =
		forward_hold(&second, &veth, notice, sizeof(notice), &err) == 0 && !notice[0];
	close(first.forward[0]); /* killed */
	sweep(&second);
	outcome->running = forwarding() == '1';
	held_release(&second);
	outcome->gone = forwarding() == '0';
	/* Who found it on leaves it on, whatever stands there. */
	outcome->stream = write_file(forward_path, "1");
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		second = open_held();
		put_entry(second.directory, "forward4", others[i]);
		sweep(&second);
		outcome->stream = outcome->stream && forwarding() == '1';
	}
	put_entry(second.directory, "forward4", "set");
	sweep(&second);
	outcome->echo6 = forwarding() == '0';
	outcome->ran = true;
}

static void test_as(bool rootless)
{
	const uint64_t flags = RAW_CLONE_NEWNS | RAW_CLONE_NEWNET;

	note("%s", rootless ? "an ordinary user" : "root");
	ok(run_as(crowd_scenario, rootless, flags), "%d launchers at once", CROWD);
	is_number(outcome->reached, CROWD, "each gets an address");
	is_number(outcome->late, 0, "of its own");
	is_number(outcome->reached6, CROWD, "whose lease no sweep takes away");
	is_number(outcome->late6, 0, "but once they are killed");
	ok(outcome->up && outcome->gone, "and the next one gets one, and gives it back");
	ok(run_as(full_scenario, rootless, flags) && outcome->up && outcome->echo,
	   "a range that routes lead into is not used");
	is_number(outcome->reached, 253, "a bridge has addresses for so many");
	ok(outcome->running, "and then says so");
	ok(run_as(bridge_scenario, rootless, flags) && outcome->up,
	   "a bridge that no entry of the dead is about stays");
	ok(outcome->gone, "what they have made goes");
	ok(outcome->running, "entries that can be about no bridge go, and nothing else");
	ok(run_as(users_scenario, rootless, flags) && outcome->up && outcome->echo,
	   "two are on one bridge");
	ok(outcome->running && outcome->gone, "it goes with the last one");
	ok(run_as(forward_scenario, rootless, flags) && outcome->up && outcome->echo,
	   "the first turns forwarding on, and says so");
	ok(outcome->running && outcome->gone, "it goes with the last one");
	ok(outcome->stream && outcome->echo6, "who has not turned it on does not turn it off");
}

int main(void)
{
	lent = mmap(NULL, CROWD * sizeof(*lent), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		    -1, 0);
	if (!prepare())
		return done();
	test_as(false);
	test_as(true);
	return done();
}
