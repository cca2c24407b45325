-- nl_nftables.lua - nftables by batches: all that is in one is done, or nothing
--
--   local batch = S.nl.nftables()
--   batch:table("inet", "filter")
--   batch:chain("inet", "filter", "input", { type = "filter", hook = "local_in", policy = "drop" })
--   batch:rule("inet", "filter", "input", { { "meta", { key = "iifname", dreg = 1 } }, … })
--   assert(batch:commit())
--
-- Expressions are the kernel's own, { name, attributes }: numbers may be given by name where
-- nf_tables.h has one. A refused batch tells which of its messages was refused.

local call = require "syscall.call"
local errors = require "syscall.errors"
local arguments = require "syscall.nl_arguments"
local attributes = require "syscall.nl_attributes"
local specs = require "syscall.nl_specs"
local c = require("syscall.constants").c

local check = call.check

-- What may be given by name: expression and attribute → family of constants.
local by_name = {
	meta = { key = "NFT_META" }, cmp = { op = "NFT_CMP" }, ct = { key = "NFT_CT" },
	payload = { base = "NFT_PAYLOAD" },
}

local hooks = { local_in = "LOCAL_IN", input = "LOCAL_IN", output = "LOCAL_OUT",
	forward = "FORWARD", prerouting = "PRE_ROUTING", postrouting = "POST_ROUTING",
	ingress = "INGRESS" }

-- A register's number is NFT_REG_1 … 4 in C; attributes say 1 to 4 as well.
local function expression(one)
	local name, values = one[1], one[2] or {}
	local out = {}
	if type(values) ~= "table" then
		errors.raise("an expression: a table of attributes expected, got %s", errors.given(values))
	end
	for key, value in pairs(values) do
		local family = by_name[name] and by_name[name][key]
		out[key] = family and c[family][value] or value
	end
	if name == "cmp" and type(out.data) == "string" then
		out.data = { value = out.data }
	elseif name == "bitwise" then
		for _, key in ipairs { "mask", "xor" } do
			out[key] = type(out[key]) == "string" and { value = out[key] } or out[key]
		end
	elseif name == "immediate" and out.verdict then
		out.data = { verdict = { code = c.NF[out.verdict] } }
		out.verdict, out.dreg = nil, out.dreg or c.NFT_REG.VERDICT
	end
	return { name = name, data = out }
end

-- What each message begins with
local function header(family)
	return attributes.number(c.NFPROTO[family], "u8", "family") .. "\0\0\0"
end

return function(nl)
	local M = {}

	local methods = {}
	local metatable = { __index = methods }

	-- nftables() - an empty batch
	function M.nftables()
		return setmetatable({ messages = {} }, metatable)
	end

	local function add(self, kind, flags, family, spec, values)
		self.messages[#self.messages + 1] = { type = c.NFNL_SUBSYS.NFTABLES << 8 | c.NFT_MSG[kind],
			flags = c.NLM_F[flags], payload = header(family) .. attributes.build(spec, values) }
		return self
	end

	function methods.table(self, family, name, values)
		local out = { name = check.path("nftables.table", 2, name) }
		for key, value in pairs(values or {}) do
			out[key] = value
		end
		return add(self, "newtable", "create", family, specs.nft.table, out)
	end

	function methods.deltable(self, family, name)
		return add(self, "deltable", 0, family, specs.nft.table, { name = name })
	end

	-- chain(family, table, name [, { type =, hook =, priority =, policy = }])
	function methods.chain(self, family, tab, name, values)
		local out = { table = tab, name = name }
		for key, value in pairs(values or {}) do
			if key == "hook" then
				out.hook = { hooknum = c.NF_INET[hooks[value] or value], priority = values.priority or 0 }
			elseif key == "policy" then
				out.policy = c.NF[value]
			elseif key ~= "priority" then
				out[key] = value
			end
		end
		if out.hook and out.hook.priority < 0 then
			out.hook.priority = out.hook.priority & 0xffffffff
		end
		return add(self, "newchain", "create", family, specs.nft.chain, out)
	end

	function methods.delchain(self, family, tab, name)
		return add(self, "delchain", 0, family, specs.nft.chain, { table = tab, name = name })
	end

	-- rule(family, table, chain, expressions [, { handle =, position = }])
	function methods.rule(self, family, tab, chain, expressions, values)
		local list = {}
		for i, one in ipairs(expressions) do
			list[i] = expression(one)
		end
		local out = { table = tab, chain = chain, expressions = list }
		for key, value in pairs(values or {}) do
			out[key] = value
		end
		return add(self, "newrule", "create, append", family, specs.nft.rule, out)
	end

	function methods.delrule(self, family, tab, chain, handle)
		return add(self, "delrule", 0, family, specs.nft.rule,
			{ table = tab, chain = chain, handle = handle })
	end

	-- set(family, table, name, { key_type =, key_len =, id = } [, elements])
	function methods.set(self, family, tab, name, values, elements)
		local out = { table = tab, name = name, id = 1 }
		for key, value in pairs(values) do
			out[key] = key == "flags" and c.NFT_SET[value] or value
		end
		add(self, "newset", "create", family, specs.nft.set, out)
		if elements then
			local list = {}
			for i, one in ipairs(elements) do
				list[i] = { key = { value = one } }
			end
			add(self, "newsetelem", "create", family, specs.nft.setelem,
				{ table = tab, set = name, elements = list })
		end
		return self
	end

	-- message(kind, flags, family, spec, values) - any other message of nftables
	methods.message = add

	-- The answers to a batch whose messages are numbered from 1: an error, or the last
	-- acknowledgement.
	local function await(fd, last)
		while true do
			local messages, err = nl.read(fd)
			if not messages then
				return nil, err
			end
			for _, message in ipairs(messages) do
				if message.type == c.NLMSG.ERROR then
					local code, ack = nl.acknowledged(message)
					if code < 0 then
						return nil, errors.objects[-code], ("message %d of the batch%s"):format(message.seq,
							ack.msg and ": " .. ack.msg or "")
					elseif message.seq == last then
						return true
					end
				end
			end
		end
	end

	-- commit([socket]) - true, or nil, error and which message the kernel refused
	function methods.commit(self, fd)
		local own <close>, err = nl.socket "netfilter"
		if not own then
			return nil, err
		end
		local last = #self.messages
		if last == 0 then
			return true
		end
		local start = string.pack(">I1I1I2", 0, 0, c.NFNL_SUBSYS.NFTABLES)
		local request = c.NLM_F.REQUEST
		local parts = { nl.message(c.NFNL_MSG_BATCH.BEGIN, request, start) }
		for i, one in ipairs(self.messages) do
			parts[#parts + 1] = nl.message(one.type, request | one.flags
				| (i == last and c.NLM_F.ACK or 0), one.payload, i)
		end
		parts[#parts + 1] = nl.message(c.NFNL_MSG_BATCH.END, request, start)
		local sent
		sent, err = nl.write(fd or own, table.concat(parts))
		if not sent then
			return nil, err
		end
		return await(fd or own, last)
	end

	arguments.guard(methods, arguments.batch, "nftables.", true)

	-- nftables_list(kind, family [, values]) - "table", "chain", "rule", "set" (of a table)
	function M.nftables_list(kind, family, values)
		local spec = specs.nft[kind] or errors.raise("no kind %q of nftables", tostring(kind))
		local list, err, text = nl.request(nil, c.NFNL_SUBSYS.NFTABLES << 8 | c.NFT_MSG["get" .. kind],
			"dump", header(family or "unspec") .. attributes.build(spec, values or {}), "netfilter")
		local out = {}
		for i, message in ipairs(list or {}) do
			out[i] = attributes.parse(spec, message.payload, 5)
			out[i].family = message.payload:byte(1)
		end
		return list and out, err, text
	end

	return M
end
