// Gathers Telegraf's inputs twice, two seconds apart, and prints the second points as JSON lines, with the types that
// the fields have in Go: what the monitor's points are compared with.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/logger"
	"github.com/influxdata/telegraf/plugins/inputs"
	_ "github.com/influxdata/telegraf/plugins/inputs/cpu"
	_ "github.com/influxdata/telegraf/plugins/inputs/disk"
	_ "github.com/influxdata/telegraf/plugins/inputs/diskio"
	_ "github.com/influxdata/telegraf/plugins/inputs/kernel"
	_ "github.com/influxdata/telegraf/plugins/inputs/mem"
	_ "github.com/influxdata/telegraf/plugins/inputs/net"
	_ "github.com/influxdata/telegraf/plugins/inputs/processes"
	_ "github.com/influxdata/telegraf/plugins/inputs/swap"
	_ "github.com/influxdata/telegraf/plugins/inputs/system"
)

type point struct {
	Measurement string            `json:"measurement"`
	Tags        map[string]string `json:"tags"`
	Fields      map[string]any    `json:"fields"`
	Types       map[string]string `json:"types"`
}

// printer is the part of an accumulator that these inputs use.
type printer struct {
	telegraf.Accumulator
	out *json.Encoder
}

func (p *printer) AddFields(name string, fields map[string]any, tags map[string]string, _ ...time.Time) {
	if p.out == nil {
		return
	}
	types := make(map[string]string)
	for field, value := range fields {
		types[field] = fmt.Sprintf("%T", value)
	}
	if err := p.out.Encode(point{name, tags, fields, types}); err != nil {
		panic(err)
	}
}

func (p *printer) AddGauge(name string, fields map[string]any, tags map[string]string, t ...time.Time) {
	p.AddFields(name, fields, tags, t...)
}

func (p *printer) AddCounter(name string, fields map[string]any, tags map[string]string, t ...time.Time) {
	p.AddFields(name, fields, tags, t...)
}

func (*printer) AddError(err error) {
	fmt.Fprintln(os.Stderr, err)
}

func main() {
	names := []string{"cpu", "mem", "swap", "disk", "diskio", "net", "system", "processes", "kernel"}
	plugins := make(map[string]telegraf.Input)
	for _, name := range names {
		plugins[name] = newPlugin(name)
	}
	gather(names, plugins, &printer{})
	time.Sleep(2 * time.Second)
	gather(names, plugins, &printer{out: json.NewEncoder(os.Stdout)})
}

func newPlugin(name string) telegraf.Input {
	plugin := inputs.Inputs[name]()
	fields := reflect.ValueOf(plugin).Elem()
	if log := fields.FieldByName("Log"); log.IsValid() {
		log.Set(reflect.ValueOf(logger.New("inputs", name, "")))
	}
	if name == "disk" {
		// The default that Telegraf's own configuration file sets.
		ignored := []string{"tmpfs", "devtmpfs", "devfs", "iso9660", "overlay", "aufs", "squashfs"}
		fields.FieldByName("IgnoreFS").Set(reflect.ValueOf(ignored))
	}
	if initializer, ok := plugin.(telegraf.Initializer); ok {
		if err := initializer.Init(); err != nil {
			fail(name, err)
		}
	}
	return plugin
}

func gather(names []string, plugins map[string]telegraf.Input, to *printer) {
	for _, name := range names {
		if err := plugins[name].Gather(to); err != nil {
			fail(name, err)
		}
	}
}

func fail(name string, err error) {
	fmt.Fprintln(os.Stderr, name, err)
	os.Exit(1)
}
