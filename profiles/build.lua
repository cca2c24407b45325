-- build.lua - compilers and package trees
--
-- default, and of the home what compilers and their package managers have fetched earlier,
-- read-only: toolchains, registries, caches. Never the files beside them that hold tokens, so
-- each tree is named and not its parent. The directories around the trees are the private home's
-- and writable, where cargo keeps its lock. There is no network: fetch first, or add --net host.

local arg = params {
	dir = path { default = host.cwd, doc = "mounted read-write at its own path" },
}

local mounts = {
	ro { "/opt", optional = true },
	ro { "/var/lib/dpkg", optional = true },
}
for _, path in ipairs {
	"/etc/dpkg", "/etc/perl", "/etc/maven", "/etc/java-8-openjdk", "/etc/java-11-openjdk",
	"/etc/java-17-openjdk", "/etc/java-21-openjdk", "/etc/java-25-openjdk",
} do
	mounts[#mounts + 1] = ro { path, optional = true }
end

local home = host.home
if home and home ~= "/" then
	for _, tree in ipairs {
		".cargo/bin", ".cargo/registry", ".cargo/git", ".rustup", "go/pkg", ".m2/repository",
		".npm/_cacache", ".cache/pip", ".local/lib", ".opam",
	} do
		local at = "/home/user/" .. tree
		mounts[#mounts + 1] = ro { home .. "/" .. tree, at = at, optional = true }
	end
end
mounts[#mounts + 1] = rw(arg.dir)

return profile {
	doc     = "A build: default, with the home's toolchains and fetched packages read-only.",
	extends = { "default", dir = arg.dir },
	mounts  = mounts,
	env     = {
		keep = { "CC", "CXX", "CFLAGS", "CXXFLAGS", "LDFLAGS", "MAKEFLAGS", "SOURCE_DATE_EPOCH" },
		set  = {
			PATH = "/home/user/.cargo/bin:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin",
			CARGO_NET_OFFLINE = "true", GOFLAGS = "-mod=mod", GOPROXY = "off",
		},
	},
}
