// trampolines.cpp: reads kernels and writes the C++ that compiles and calls them.
//
//   trampolines FILE ... > kernels.cpp
//
// A parameter of a kernel says by its attribute what it is: [[buffer(0)]], [[threadgroup(0)]], [[thread_position_in_grid]] and so on. What
// is written is the files one after the other, without attributes and without inclusions of each other, as a device compiles them; a
// function for each kernel that gives it its parameters; and a table of them.
#include <fstream>
#include <iostream>
#include <map>
#include <regex>
#include <sstream>
#include <string>

namespace {

const std::map<std::string, std::string> expressions = {
    {"threadgroup_position_in_grid", "call.at.group"},
    {"thread_position_in_grid", "call.at.place_in_grid"},
    {"thread_index_in_threadgroup", "call.at.index"},
    {"threads_per_threadgroup", "call.at.size"},
};

std::string vector_of(const std::string &expression, const std::string &type)
{
    if (expression == "call.at.index")
        return expression;
    if (type == "uint")
        return expression + "[0]";
    std::string elements = expression + "[0], " + expression + "[1]";
    return type + "(" + elements + (type == "uint3" ? ", " + expression + "[2])" : ")");
}

// The value of a parameter, or "" when its attribute is not known; `arguments` is set to the type of the structure in buffer 0, `positions`
// to that of positions and sizes, which must be the same for all of a kernel.
std::string value_of(const std::string &parameter, std::string &arguments, std::string &positions)
{
    std::smatch m;
    if (std::regex_search(parameter, m, std::regex(R"(constant\s+(\w+)\s*&\s*\w+\s*\[\[buffer\(0\)\]\])"))) {
        arguments = m[1];
        return "*static_cast<const " + arguments + " *>(call.arguments)";
    }
    if (std::regex_search(parameter, m, std::regex(R"(threadgroup\s+(\w+)\s*\*\s*\w+\s*\[\[threadgroup\(0\)\]\])")))
        return "static_cast<" + m[1].str() + " *>(call.shared)";
    if (std::regex_search(parameter, m, std::regex(R"((uint[23]?)\s+\w+\s*\[\[(\w+)\]\])")) && expressions.count(m[2]) != 0) {
        const std::string &expression = expressions.at(m[2]), type = m[1];
        if (expression == "call.at.index" ? type != "uint" : !positions.empty() && type != positions)
            return "";
        if (expression != "call.at.index")
            positions = type;
        return vector_of(expression, type);
    }
    return "";
}

// Writes the trampolines of one file's kernels and adds them to the table.
bool write_kernels(const std::string &path, const std::string &text, std::ostringstream &table)
{
    // Lines of their own: who counts the kernels' lines must not find these among them.
    std::cout << "\n#line 1 \"trampolines\"\n";
    static const std::regex head(R"(kernel\s+void\s+(\w+)\s*\(([^{]*)\)\s*\{)");
    for (std::sregex_iterator i(text.begin(), text.end(), head), end; i != end; ++i) {
        std::string name = (*i)[1], arguments, positions, values, parameter;
        std::istringstream parameters((*i)[2].str());
        while (std::getline(parameters, parameter, ',')) {
            std::string value = value_of(parameter, arguments, positions);
            if (value.empty()) {
                std::cerr << path << ": kernel " << name << ": an unknown attribute, or another type than the kernel's other positions have: " << parameter << "\n";
                return false;
            }
            values += (values.empty() ? "" : ", ") + value;
        }
        std::cout << "static void run_" << name << "(const ds4_sim_call &call)\n{\n    " << name << "(" << values << ");\n}\n";
        table << "    {\"" << name << "\", sizeof(" << arguments << "), run_" << name << "},\n";
    }
    return true;
}

} // namespace

int main(int count, char **paths)
{
    static const std::regex attribute(R"(\s*\[\[\w+(\(\d+\))?\]\])"), inclusion(R"(#include "[^\n]*)");
    std::ostringstream table;
    std::cout << "#include <metal_stdlib>\n";
    for (int i = 1; i < count; i++) {
        std::ifstream file(paths[i]);
        std::stringstream text;
        text << file.rdbuf();
        std::cout << "#line 1 \"" << paths[i] << "\"\n" << std::regex_replace(std::regex_replace(text.str(), attribute, ""), inclusion, "");
        if (!file || !write_kernels(paths[i], text.str(), table)) {
            std::cerr << paths[i] << ": cannot be read as kernels\n";
            return 1;
        }
    }
    std::cout << "const ds4_sim_kernel ds4_sim_kernels[] = {\n" << table.str() << "    {nullptr, 0, nullptr},\n};\n";
    return 0;
}
