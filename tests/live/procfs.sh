# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Files of procfs probes.

# procfs_start NAME SCRIPT...: a session whose begin probe says "ready"; its
# files are in $files then.
procfs_start() {
	local name=stap_test_$$_$1
	shift
	files=/var/tmp/systemtap-$(id -un)/$name
	timeout 30 "$stap" -m "$name" "$@" >out 2>err &
	session=$!
	for _ in $(seq 100); do
		grep -q ready out && return
		sleep 0.1
	done
	cat err
	fail "the session did not start"
}

procfs_use() { # what every executor must do
	procfs_start "$1" "${@:2}" -e 'global n
		probe begin { println("ready") }
		probe procfs("count").read { $value = sprintf("%d\n", ++n) }
		probe procfs("count").write { n = strtol($value, 10) }
		probe procfs("long").read.maxsize(70000) {
			$value = "lost"
			$value = ""
			for (i = 0; i < 1000; i++) $value .= sprintf("%064d\n", i)
		}
		probe procfs("short").read.maxsize(10) { $value = "0123456789abc" }
		probe procfs.umask(022).write { printf("<%s>", $value) }
		probe procfs("quit").write { exit() }'
	[ "$(stat -c %a%F "$files/count")" = 600fifo ]
	[ "$(stat -c %a "$files/long")" = 400 ]
	[ "$(stat -c %a "$files/command")" = 200 ]
	got=
	for _ in 1 2 3 4 5 6; do got+=$(cat "$files/count"); done
	[ "$got" = 123456 ]
	echo 40 >"$files/count"
	sleep 0.1
	[ "$(cat "$files/count")" = 41 ]
	[ "$(cat "$files/long" | md5sum)" = "$(seq -f %064.0f 0 999 | md5sum)" ]
	[ "$(cat "$files/short")" = 0123456789 ]
	echo one >"$files/command"
	sleep 0.1
	printf two >"$files/command"
	sleep 0.1
	echo >"$files/quit"
	wait $session
	[ ! -e "$files" ]
	[ "$(tr '\n' ' ' <out)" = 'ready <one ><two>' ]
	[ ! -s err ]
}

test_procfs_files() {
	need bpf
	procfs_use bpf
}

test_procfs_files_of_the_engine() {
	procfs_use engine --runtime=user
}

test_procfs_files_in_folders() {
	procfs_start folders --runtime=user -e 'probe begin { println("ready") }
		probe procfs("disk/status").read { $value = "fine\n" }
		probe procfs("disk/one/quit").write { print($value) exit() }'
	[ "$(cat "$files/disk/status")" = fine ]
	echo now >"$files/disk/one/quit"
	wait $session
	[ ! -e "$files" ]
	[ "$(tr '\n' ' ' <out)" = 'ready now ' ]
}

test_procfs_names_are_not_shared() {
	need bpf
	procfs_start twice -e 'probe begin { println("ready") }
		probe procfs("quit").write { exit() }'
	fails "$stap" -m "${files##*/}" -e 'probe procfs.read { $value = "x" }' 2>err2
	expect 'another session of this name runs' err2
	echo >"$files/quit"
	wait $session
}

# The files that monitors read; what SystemTap 5.6 has in them, except that a
# quote within a JSON string is escaped.
metrics_use() { # name, options
	procfs_start "$1" "${@:2}" -e 'global a1, a2
		function twice(n) { return 2 * n }
		function even(n) { return n & 1 ? "odd" : "even" }
		probe begin {
			a1["x"] = 5; a1["y\"q\\z\n"] = 7; a2["x", 3] = 9; a2["y", 4] = -1
			json_set_prefix("pre")
			json_add_numeric_metric("n1", "a number", "count"); json_add_string_metric("s1", "a str")
			json_add_numeric_metric("n2", "", "")
			json_add_array("arr", "an array"); json_add_array("arr2", "")
			json_add_array_numeric_metric("arr", "v1", "desc v1", "ms")
			json_add_array_string_metric("arr", "t1", "desc t1")
			json_add_array_numeric_metric("nope", "v1", "desc v1", "ms")
			try { json_add_numeric_metric("n1", "dup", "x") } catch (m) { println(m) }
			try { json_add_array_numeric_metric("arr", "v1", "d", "u") } catch (m) { println(m) }
			println("ready")
		}
		probe prometheus {
			@prometheus_dump_array1(a1, "cnt", "name")
			@prometheus_dump_array2(a2, "cnt2", "name", "num")
			@prometheus_dump_array2_map(a2, "map", "name", "num", twice, sprint, even)
			@prometheus_dump_array2_map_unquoted(a2, "raw", "name", "num", even, string_quoted, sprint)
		}
		probe json_data {
			@json_output_data_start
			@json_output_numeric_value("n1", 42)
			@json_output_string_value("s1", "he\"y")
			@json_output_array_string_value("arr", "i1", "t1", "v")
			@json_output_array_numeric_value("arr", "i1", "v1", 7)
			@json_output_array_numeric_value("arr", "i2", "v1", 8)
			@json_output_data_end
		}
		probe procfs("quit").write { exit() }'
	LC_ALL=C sort "$files/__prometheus" >got
	cat "$files/data.json" "$files/metadata.json" >>got
	echo >"$files/quit"
	wait $session
	cat >want <<-'END'
	cnt2{name="x",num="3"} 9
	cnt2{name="y",num="4"} -1
	cnt{name="x"} 5
	cnt{name="y\"q\\z\n"} 7
	map{name="x",num="odd"} 18
	map{name="y",num="even"} -2
	raw{name="x",num=3} odd
	raw{name="y",num=4} odd
	{
	  "n1": 42,
	  "s1": "he\"y",
	  "arr": [
	    {
	      "__id": "i1",
	      "t1": "v",
	      "v1": 7
	    },
	    {
	      "__id": "i2",
	      "v1": 8
	    }
	  ]
	}
	{
	  "prefix": "pre",
	  "metrics": [
	    {
	      "name": "n1",
	      "pointer": "/n1",
	      "type": "integer",
	      "description": "a number",
	      "units": "count"
	    },
	    {
	      "name": "s1",
	      "pointer": "/s1",
	      "type": "string",
	      "description": "a str"
	    },
	    {
	      "name": "n2",
	      "pointer": "/n2",
	      "type": "integer"
	    },
	    {
	      "name": "arr",
	      "pointer": "/arr",
	      "type": "array",
	      "description": "an array",
	      "index": "/__id",
	      "metrics": [
	        {
	          "name": "v1",
	          "pointer": "/v1",
	          "type": "integer",
	          "description": "desc v1",
	          "units": "ms"
	        },
	        {
	          "name": "t1",
	          "pointer": "/t1",
	          "type": "string",
	          "description": "desc t1"
	        }
	      ]
	    },
	    {
	      "name": "arr2",
	      "pointer": "/arr2",
	      "type": "array",
	      "index": "/__id",
	      "metrics": [

	      ]
	    }
	  ]
	}
	END
	sed -i 's/^\t//' want
	diff want got
	expect "^Metric 'n1' already exists$" out
	expect "^Array metric 'v1' already exists in array arr$" out
}

test_metrics_for_monitors() {
	need bpf
	metrics_use metrics_bpf
}

test_metrics_for_monitors_in_the_engine() {
	metrics_use metrics_user --runtime=user
}

# $value is no variable of these that is listed.
test_what_is_read_and_written_is_listed_by_name_alone() {
	[ "$("$stap" -L 'input.char')" = 'input.char char:string' ]
	[ "$("$stap" -L 'input.line')" = 'input.line line:string' ]
	[ "$("$stap" -L 'procfs("a").write')" = 'procfs("a").write' ]
	[ "$("$stap" -L 'procfs.umask(0444).read.maxsize(30)')" = 'procfs.umask(292).read.maxsize(30)' ]
}
