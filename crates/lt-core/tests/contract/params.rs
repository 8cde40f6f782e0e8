//! Parameters by name, and the names they have in a checkpoint.

use lt_core::{
    NameMap, Params, Part, Path, Rule, Stored, Weight, parameter_count, params, weights, zeros_like,
};

#[derive(Clone)]
struct Brick {
    weight: Weight,
    bias: Option<Weight>,
}
params!(Brick { weight, bias });

#[derive(Clone)]
struct Wall {
    layers: Vec<Brick>,
    norm: Weight,
}
params!(Wall { layers, norm });

fn wall() -> Wall {
    let brick = |bias| Brick { weight: Weight::new(&[1, 2], vec![1.0, 2.0]).unwrap(), bias };
    let bias = Some(Weight::new(&[1], vec![3.0]).unwrap());
    Wall { layers: vec![brick(bias), brick(None)], norm: Weight::zeros(&[4]) }
}

#[test]
fn names_are_those_of_the_fields_and_places() {
    let wall = wall();
    let names: Vec<String> = weights(&wall).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["layers.0.weight", "layers.0.bias", "layers.1.weight", "norm"]);
    assert_eq!(parameter_count(&wall), 2 + 1 + 2 + 4);
}

#[test]
fn both_visits_meet_the_same_parameters_in_the_same_order() {
    let mut wall = wall();
    let read: Vec<String> = weights(&wall).into_iter().map(|(name, _)| name).collect();
    let mut changed = Vec::new();
    wall.visit_mut(&mut Path::new(), &mut |name, weight| {
        changed.push(name.to_owned());
        weight.make_mut().fill(7.0);
    });
    assert_eq!(read, changed);
    assert!(weights(&wall).iter().all(|(_, weight)| weight.f32().iter().all(|&x| x == 7.0)));
}

#[test]
fn zeros_like_a_layer_have_its_shapes_and_leave_it_alone() {
    let (wall, zeros) = (wall(), zeros_like(&wall()));
    for ((name, weight), (same_name, zero)) in weights(&wall).into_iter().zip(weights(&zeros)) {
        assert_eq!((name, weight.shape()), (same_name, zero.shape()));
        assert!(zero.f32().iter().all(|&x| x == 0.0));
    }
    assert_eq!(wall.layers[0].weight.f32(), [1.0, 2.0]);
}

#[test]
fn a_path_is_left_as_it_was_found() {
    let mut path = Path::new();
    let inside = path.enter("encoder", |path| path.enter(3, |path| path.as_str().to_owned()));
    assert_eq!((inside.as_str(), path.as_str()), ("encoder.3", ""));
}

const MAP: NameMap = NameMap::new(&[
    Rule::Rename { ours: "layers.{}.up", theirs: "h.{}.mlp.c_fc_in" },
    Rule::Transpose { ours: "layers.{}.down", theirs: "h.{}.mlp.c_proj" },
    Rule::Fuse {
        ours: &["layers.{}.query", "layers.{}.key", "layers.{}.value"],
        theirs: "h.{}.attn.c_attn",
        transposed: true,
    },
    Rule::Rename { ours: "norm.gain", theirs: "ln_f.weight" },
]);

fn stored(name: &str) -> (String, bool, Option<Part>) {
    let Stored { name, transposed, part, .. } = MAP.stored(name);
    (name, transposed, part)
}

fn whole(name: &str, transposed: bool) -> (String, bool, Option<Part>) {
    (name.into(), transposed, None)
}

#[test]
fn each_rule_finds_the_stored_name() {
    assert_eq!(stored("layers.12.up.weight"), whole("h.12.mlp.c_fc_in.weight", false));
    assert_eq!(stored("layers.0.down.weight"), whole("h.0.mlp.c_proj.weight", true));
    // A bias is a row either way.
    assert_eq!(stored("layers.0.down.bias"), whole("h.0.mlp.c_proj.bias", false));
    assert_eq!(stored("norm.gain"), whole("ln_f.weight", false));
    assert_eq!(stored("head.bias"), whole("head.bias", false));
    for (index, part) in ["query", "key", "value"].into_iter().enumerate() {
        let part_of = Some(Part { index, of: 3 });
        let weight = ("h.7.attn.c_attn.weight".to_owned(), true, part_of);
        assert_eq!(stored(&format!("layers.7.{part}.weight")), weight);
        let bias = ("h.7.attn.c_attn.bias".to_owned(), false, part_of);
        assert_eq!(stored(&format!("layers.7.{part}.bias")), bias);
    }
}

#[test]
fn the_map_reads_backwards() {
    for ours in ["layers.12.up.weight", "layers.0.down.bias", "norm.gain", "head.bias"] {
        assert_eq!(MAP.ours(&MAP.stored(ours).name), [ours]);
    }
    let fused = ["layers.7.query.bias", "layers.7.key.bias", "layers.7.value.bias"];
    assert_eq!(MAP.ours("h.7.attn.c_attn.bias"), fused);
    for ours in fused {
        assert_eq!(MAP.stored(ours).name, "h.7.attn.c_attn.bias");
    }
}

#[test]
fn a_name_that_only_begins_like_a_rule_is_left_alone() {
    for name in [
        "layers.1.upper.weight",
        "layers.x.up.weight",
        "layers..up.weight",
        "layers.1",
        "my.layers.1.up",
    ] {
        assert_eq!(stored(name), whole(name, false));
        assert_eq!(MAP.ours(name), [name]);
    }
}
