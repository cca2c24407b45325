-- lists.lua - lists made of tables

local M = {}

-- names(table) - its keys, which are texts, in order
function M.names(from)
	local list = {}
	for name in pairs(from) do
		list[#list + 1] = name
	end
	table.sort(list)
	return list
end

-- lines(list) - what the list holds as text, one a line
function M.lines(list)
	local text = {}
	for i, one in ipairs(list) do
		text[i] = tostring(one)
	end
	return table.concat(text, "\n")
end

return M
