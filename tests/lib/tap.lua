-- tap.lua - tests in Lua that print TAP

local M = {}

local count, failed = 0, 0

function M.ok(good, name, ...)
	count = count + 1
	failed = failed + (good and 0 or 1)
	print((good and "ok " or "not ok ") .. count .. " - " .. name)
	if not good then
		for _, text in ipairs { ... } do
			print("# " .. tostring(text):gsub("\n", "\n# "))
		end
	end
	return good
end

function M.is(have, want, name)
	return M.ok(have == want, name, "have: " .. tostring(have), "want: " .. tostring(want))
end

-- A test that cannot be made here; see tests/run for what a reason may be.
function M.skip(name, reason)
	count = count + 1
	print(("ok %d - %s # SKIP %s"):format(count, name, reason))
end

function M.done()
	print("1.." .. count)
	os.exit(failed == 0)
end

return M
