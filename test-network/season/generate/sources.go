package main

import (
	"fmt"

	"github.com/weighbridge/weighbridge/chaincode/massbalance"
)

// The published figures that the season rests on. The README names publisher,
// date and how each was read.
const (
	// Typical emissions of UK winter wheat by region, kg CO2e per tonne of dry
	// matter: the ends of the range in Decision (EU) 2026/406.
	typicalLowDry  = 244
	typicalHighDry = 373
	// Grain trades at 14 % moisture, so a tonne holds 860 kg of dry matter.
	dryMatterPermille = 860
	// YEN Zero: less tillage, less nitrogen and less drying cut the footprint
	// of a wheat crop by up to 41 %.
	regenerativePercent = 100 - 41
	// Field N2O is 37 % of the footprint of wheat (Bamber et al. 2025).
	fieldN2OPercent = 37
	// Cover crops add 331 kg of soil carbon per hectare and year (Bolinder et
	// al. 2020); 44/12 makes it CO2, England's yield of 2025 puts it on the grain.
	coverCropCarbon = 331
	englandYield    = 7000

	// What a hectare can yield at most: 9.9 t/ha, the mean of the YEN Zero and
	// of the Strutt & Parker 2019 survey farms, and a tenth more on the heavier
	// land of Yorkshire, where AHDB reported up to 12.5 t/ha on farm.
	capEastAnglia = 9900
	capYorkshire  = 10890

	// What England pays for a multi-species winter cover crop, pounds per hectare
	// and year: CSAM2 of the Sustainable Farming Incentive (gov.uk).
	coverCropPayment = 129
)

// The two regions, by ITL 2 code (NUTS 2021).
const (
	eastAnglia = "UKH1"
	yorkshire  = "UKE1"
)

const (
	typical      = "typical"
	regenerative = "regenerative"
	scheme       = "arable-carbon-programme"
	vintage      = 2025
)

// set is a set of characteristics with the short name that the files use.
type set struct {
	Name            string
	Characteristics massbalance.Characteristics
}

func setName(region, practice string) string {
	return map[string]string{eastAnglia: "ukh1-", yorkshire: "uke1-"}[region] + practice
}

// carbonSets makes the four sets: two regions, two practices. Intensities are
// whole milligrams of CO2e per kilogram, so nothing but the last one is rounded.
func carbonSets() ([]set, error) {
	var sets []set
	for _, region := range []struct {
		code string
		dry  int64
	}{{eastAnglia, typicalLowDry}, {yorkshire, typicalHighDry}} {
		total := region.dry * dryMatterPermille // kg/t × ‰ = mg/kg
		for _, practice := range []string{regenerative, typical} {
			s, err := carbonSet(region.code, practice, total)
			if err != nil {
				return nil, err
			}
			sets = append(sets, s)
		}
	}
	return sets, nil
}

func carbonSet(region, practice string, total int64) (set, error) {
	method := "Decision (EU) 2026/406, UK report of 2025-07-29, at 14 % moisture"
	practices := []string{"verified-typical"}
	var removals massbalance.CarbonFigure
	if practice == regenerative {
		total = total * regenerativePercent / 100
		method += "; less 41 % after YEN Zero, ADAS 2022"
		practices = []string{"cover-crop", "direct-drilling", "nitrogen-management"}
		var err error
		// Removals are negative: rounding towards zero claims too little, never too much.
		if removals, err = figure(-coverCropCarbon*44*1000000/12/englandYield, "331 kg C/ha and year, Bolinder et al. 2020, on 7.0 t/ha (Defra 2025)"); err != nil {
			return set{}, err
		}
	}
	n2o := total * fieldN2OPercent / 100
	biogenic, err := figure(n2o, method+"; field N2O 37 %, Bamber et al. 2025")
	if err != nil {
		return set{}, err
	}
	fossil, err := figure(total-n2o, method+"; remainder: inputs, fuel, drying")
	if err != nil {
		return set{}, err
	}
	var ofProject massbalance.ProjectID
	if region == yorkshire && practice == regenerative {
		ofProject = project
	}
	return set{setName(region, practice), massbalance.Characteristics{
		Scheme: scheme, Project: ofProject, Country: "GB", Region: region, Vintage: vintage, Practices: practices,
		Carbon: massbalance.Carbon{
			Fossil: fossil, BiogenicNonCO2: biogenic, Removals: removals,
			LandUseChange: massbalance.CarbonFigure{Method: "arable since before 2008, no conversion"},
		},
	}}, nil
}

// figure writes milligrams per kilogram as kg/kg.
func figure(milligrams int64, method string) (massbalance.CarbonFigure, error) {
	sign := ""
	if milligrams < 0 {
		sign, milligrams = "-", -milligrams
	}
	intensity, err := massbalance.ParseIntensity(fmt.Sprintf("%s%d.%06d", sign, milligrams/1000000, milligrams%1000000))
	if err != nil {
		return massbalance.CarbonFigure{}, err
	}
	return massbalance.CarbonFigure{Intensity: intensity, Method: method}, nil
}
