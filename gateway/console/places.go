package console

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"sync"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
	"github.com/weighbridge/weighbridge/gateway/console/picture"
)

// geo is a file of GeoJSON (RFC 7946), as far as the map reads it.
type geo struct {
	Features []struct {
		Properties struct {
			Site    massbalance.SiteID `json:"site"`
			Region  string             `json:"region"`
			Country string             `json:"country"`
			Name    string             `json:"name"`
		} `json:"properties"`
		Geometry struct {
			Type        string          `json:"type"`
			Coordinates json.RawMessage `json:"coordinates"`
		} `json:"geometry"`
	} `json:"features"`
}

// place is where something lies, and how nearly that is known.
type place struct {
	picture.Point
	Name string
	// Nearness is "site", "region" or "country".
	Nearness string
}

// atlas knows places by site, region and country.
type atlas map[string]place

// ReadPlaces checks a file of places: GeoJSON points with a property "site",
// "region" or "country" that names what lies there.
func ReadPlaces(file []byte) error {
	_, err := readPlaces(file)
	return err
}

func readPlaces(file []byte) (atlas, error) {
	var g geo
	if err := json.Unmarshal(file, &g); err != nil {
		return nil, fmt.Errorf("couldn't read places: %w", err)
	}
	known := atlas{}
	for i, f := range g.Features {
		if f.Geometry.Type != "Point" {
			return nil, fmt.Errorf("couldn't read places: feature %d is a %s, and only points are places", i, f.Geometry.Type)
		}
		var at []float64
		if err := json.Unmarshal(f.Geometry.Coordinates, &at); err != nil || len(at) < 2 {
			return nil, fmt.Errorf("couldn't read places: the point of feature %d is not a longitude and a latitude", i)
		}
		point := picture.Point{Longitude: at[0], Latitude: at[1]}
		for nearness, name := range map[string]string{"site": string(f.Properties.Site), "region": f.Properties.Region, "country": f.Properties.Country} {
			if name != "" {
				known[nearness+" "+name] = place{point, f.Properties.Name, nearness}
			}
		}
	}
	return known, nil
}

// find looks for the nearest that is known.
func (a atlas) find(site massbalance.SiteID, region, country string) (place, bool) {
	for _, key := range []string{"site " + string(site), "region " + region, "country " + country} {
		if p, ok := a[key]; ok {
			return p, true
		}
	}
	return place{}, false
}

// builtIn are the middles of countries and of some regions.
var builtIn = sync.OnceValues(func() (atlas, error) {
	file, err := files.ReadFile("geo/places.geojson")
	if err != nil {
		return nil, fmt.Errorf("couldn't read places: %w", err)
	}
	return readPlaces(file)
})

// land is the outline of all land.
var land = sync.OnceValues(func() ([][]picture.Point, error) {
	packed, err := files.ReadFile("geo/land.geojson.gz")
	if err != nil {
		return nil, fmt.Errorf("couldn't read the land: %w", err)
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("couldn't read the land: %w", err)
	}
	file, err := io.ReadAll(unpacked)
	if err != nil {
		return nil, fmt.Errorf("couldn't read the land: %w", err)
	}
	return readLand(file)
})

func readLand(file []byte) ([][]picture.Point, error) {
	var g geo
	if err := json.Unmarshal(file, &g); err != nil {
		return nil, fmt.Errorf("couldn't read the land: %w", err)
	}
	var rings [][]picture.Point
	for _, f := range g.Features {
		var polygons [][][][2]float64
		if err := json.Unmarshal(f.Geometry.Coordinates, &polygons); err != nil {
			return nil, fmt.Errorf("couldn't read the land: %w", err)
		}
		for _, polygon := range polygons {
			for _, ring := range polygon {
				points := make([]picture.Point, len(ring))
				for i, c := range ring {
					points[i] = picture.Point{Longitude: c[0], Latitude: c[1]}
				}
				rings = append(rings, points)
			}
		}
	}
	return rings, nil
}

// places are those of the organisation's own file before the built-in ones.
func (c *Console) places() (atlas, error) {
	known, err := builtIn()
	if err != nil || len(c.Places) == 0 {
		return known, err
	}
	own, err := readPlaces(c.Places)
	if err != nil {
		return nil, err
	}
	for key, p := range known {
		if _, there := own[key]; !there {
			own[key] = p
		}
	}
	return own, nil
}
