# Turns the package index of a Debian-like system into two files of comma-separated values:
#
#   apt-cache dumpavail | awk -f packages_csv.awk
#
# packages.csv has a line for each package, depends.csv one for each package that another needs (of alternatives, the
# first). A paragraph of the index is a package; a line that starts with a space goes on with the field above.

BEGIN {
    packages = "packages.csv"
    depends = "depends.csv"
    print "name,version,section,priority,architecture,source,bytes,installed_kib,homepage,summary" > packages
    print "name,needs" > depends
}

/^[A-Za-z0-9-]+:/ {
    field = substr($0, 1, index($0, ":") - 1)
    values[field] = substr($0, index($0, ":") + 2)
}

/^$/ { package() }
END { package() }

function package(   count, all, number, need) {
    if ("Package" in values) {
        print csv("Package") "," csv("Version") "," csv("Section") "," csv("Priority") "," csv("Architecture") "," \
            csv("Source") "," csv("Size") "," csv("Installed-Size") "," csv("Homepage") "," csv("Description") > packages
        count = split(values["Pre-Depends"] "," values["Depends"], all, ",")
        for (number = 1; number <= count; number++) {
            need = all[number]
            sub(/^ +/, "", need)
            sub(/[ :(|].*/, "", need)
            if (need != "") print values["Package"] "," need > depends
        }
    }
    split("", values)
}

function csv(field,   text) {
    text = values[field]
    if (text ~ /[",]/) {
        gsub(/"/, "\"\"", text)
        text = "\"" text "\""
    }
    return text
}
