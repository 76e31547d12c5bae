"""What a synthetic case is made of: everything that is random, and nothing that follows from it.

Lengths are in mm, angles in degrees, times in ms. All values are plain numbers and text, so that
a case's parameters go into JSON and come back the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from spinemsca.case import Sex  # noqa: TC001 - read back by get_type_hints

__all__ = [
    "Blob",
    "Disc",
    "Lesion",
    "Parameters",
    "Process",
    "Scanner",
    "SchmorlNode",
    "Shape",
    "SoftTissue",
    "TissueSet",
    "Vertebra",
]


@dataclass(frozen=True, slots=True)
class SchmorlNode:
    """A dent of an endplate.

    Attributes:
        position: Along the endplate, 0 anterior to 1 posterior.
        depth: mm.
        width: Standard deviation along the endplate, mm.
    """

    position: float
    depth: float
    width: float


@dataclass(frozen=True, slots=True)
class Process:
    """A spinous process as the slice meets it.

    Attributes:
        length: From the canal backwards, mm.
        height: At its posterior end, mm.
        tilt: Degrees by which it points down, against the endplates.
        start: Distance of its root from the sac, mm.
        bumps: Unevenness of its outline, mm.
    """

    length: float
    height: float
    tilt: float
    start: float
    bumps: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Vertebra:
    """One vertebra.

    Attributes:
        name: As in `ranges.LEVELS`.
        depth: Of the upper endplate, mm.
        lower_depth: Of the lower endplate, mm.
        height: Between the endplates' centres, mm.
        wedge: Angle between the endplates, positive where higher anteriorly.
        concavity: Of the upper and lower endplate, mm.
        waist: Concavity of the anterior and posterior wall, mm.
        lips: Osteophytes at the superior anterior, superior posterior, inferior anterior and
            inferior posterior corner, mm.
        upper_node: Schmorl's node of the upper endplate.
        lower_node: Schmorl's node of the lower endplate.
        process: Spinous process, `None` where the slice misses it.
        marrow: Fat of the marrow over the patient's mean.
    """

    name: str
    depth: float
    lower_depth: float
    height: float
    wedge: float
    concavity: tuple[float, float]
    waist: tuple[float, float]
    lips: tuple[float, float, float, float]
    upper_node: SchmorlNode | None
    lower_node: SchmorlNode | None
    process: Process | None
    marrow: float


@dataclass(frozen=True, slots=True)
class Disc:
    """The disc below a vertebra.

    Attributes:
        height: Between the centres of the two endplates' corner lines, mm.
        wedge: Angle between them, positive where higher anteriorly.
        slip: Of the upper vertebra along the lower's endplate, mm, positive anteriorly.
        bulge: Beyond the anterior and posterior margins, mm.
        grade: Pfirrmann grade, 1 to 5.
        nucleus_t2: ms.
        cleft: Depth of the dark intranuclear cleft, 0 none to 1.
    """

    height: float
    wedge: float
    slip: float
    bulge: tuple[float, float]
    grade: int
    nucleus_t2: float
    cleft: float


@dataclass(frozen=True, slots=True)
class Blob:
    """An ellipse before the column: a loop of bowel, bladder or liver.

    Attributes:
        x: Of its centre from S1's endplate centre, mm, posterior positive.
        y: Towards the feet, mm.
        a: Half-axis, mm.
        b: Half-axis, mm.
        turn: Degrees.
        kind: Tissue's name.
    """

    x: float
    y: float
    a: float
    b: float
    turn: float
    kind: str


@dataclass(frozen=True, slots=True)
class Lesion:
    """An ellipse of changed marrow within a body.

    Attributes:
        level: Name of the vertebra.
        x: Of its centre as a share of the body's depth, 0 anterior to 1 posterior.
        y: Of its centre as a share of the body's height, 0 above to 1 below.
        a: Half-axis, mm.
        b: Half-axis, mm.
        turn: Degrees.
        kind: Tissue's name.
    """

    level: str
    x: float
    y: float
    a: float
    b: float
    turn: float
    kind: str


@dataclass(frozen=True, slots=True)
class SoftTissue:
    """Everything about the column.

    Attributes:
        canal: Depth of the bony canal at each vertebra, mm.
        sac_gap: Epidural space before the sac at L1, at L5 and at S2, mm.
        sac_share: Sac's depth over the canal's.
        sac_end: Levels below S1's upper endplate where the sac ends.
        cord: Depth of the cord, mm.
        conus: Tip of the conus, in levels below L1's upper endplate.
        roots: Lateral places of the roots, 0 anterior to 1 posterior.
        fat_pads: Depth of the posterior epidural fat, mm.
        back_fat: Fat behind the processes at L1 and at S2, mm.
        prevertebral: Fat before the column, mm.
        vessel: Width of the great vessel before it, 0 for none, mm.
        vessel_end: Level below L1 at which it leaves the slice.
        vessel_bright: Slow flow: signal of the vessel over that of blood.
        belly: From the column's front to the front of the belly, mm.
        belly_fat: Subcutaneous fat there, mm.
        muscle_fat: Mean fat fraction of the muscle behind the column.
        bowel: Loops of bowel.
        lesions: Ellipses of fatty or oedematous marrow.
        basivertebral: Length of the veins' clefts, mm; 0 for none.
    """

    canal: tuple[float, ...]
    sac_gap: tuple[float, float, float]
    sac_share: float
    sac_end: float
    cord: float
    conus: float
    roots: tuple[float, ...]
    fat_pads: float
    back_fat: tuple[float, float]
    prevertebral: float
    vessel: float
    vessel_end: float
    vessel_bright: float
    belly: float
    belly_fat: float
    muscle_fat: float
    bowel: tuple[Blob, ...]
    lesions: tuple[Lesion, ...]
    basivertebral: float


@dataclass(frozen=True, slots=True)
class Shape:
    """A patient's geometry.

    Attributes:
        sacral_slope: Tilt of S1's upper endplate.
        vertebrae: From the head down.
        discs: Below each vertebra but the last.
        soft: Everything else.
    """

    sacral_slope: float
    vertebrae: tuple[Vertebra, ...]
    discs: tuple[Disc, ...]
    soft: SoftTissue


@dataclass(frozen=True, slots=True)
class TissueSet:
    """A patient's tissue properties and their texture.

    Attributes:
        marrow_fat: Fat fraction of the marrow.
        marrow_water_t2: ms.
        fat_t2: Effective T2 of fat under the echo train, ms.
        coarse: Coarse variation of the marrow, relative.
        fine: Trabecular variation of the marrow, relative.
        annulus_t2: ms.
        seed: Of the textures.
    """

    marrow_fat: float
    marrow_water_t2: float
    fat_t2: float
    coarse: float
    fine: float
    annulus_t2: float
    seed: int


@dataclass(frozen=True, slots=True)
class Scanner:
    """How the image was taken.

    Attributes:
        field_of_view: Rows' and columns' extent, mm.
        matrix: Native rows and columns.
        centre: Middle of the image from S1's endplate centre, (x, y) mm.
        turn: Of the patient in the image, degrees.
        repetition_time: ms.
        echo_time: ms.
        acquired: Share of k-space acquired along rows and columns; the rest is filled with zeros.
        noise: Standard deviation of the complex noise, over the fat's signal.
        coil_depth: Distance from the back at which sensitivity has halved, mm.
        coil_share: 0 for an even image, 1 for the bare surface coil.
        coil_y: Middle of the coil from S1's endplate centre, mm.
        coil_length: Its half-length, mm.
        saturation: Signal left before the column, 1 where no band was placed.
        saturation_gap: From the column's front to the band, mm.
        saturation_edge: Width of the band's edge, mm.
        ghost: Amplitude of ghosting.
        ghost_period: Lines of k-space in a period of motion.
        ghost_phase: Radians.
        wrap: Extent folded over at head and feet, mm.
        white: Percentile that becomes white.
        seed: Of the noise.
    """

    field_of_view: tuple[float, float]
    matrix: tuple[int, int]
    centre: tuple[float, float]
    turn: float
    repetition_time: float
    echo_time: float
    acquired: tuple[float, float]
    noise: float
    coil_depth: float
    coil_share: float
    coil_y: float
    coil_length: float
    saturation: float
    saturation_gap: float
    saturation_edge: float
    ghost: float
    ghost_period: float
    ghost_phase: float
    wrap: float
    white: float
    seed: int


@dataclass(frozen=True, slots=True)
class Parameters:
    """Everything that a synthetic case is made from.

    Attributes:
        sex: Of the patient.
        contrast: `t2` or `t1`.
        shape: Geometry.
        tissue: Relaxation and texture.
        scanner: Acquisition.
    """

    sex: Sex
    contrast: str
    shape: Shape
    tissue: TissueSet
    scanner: Scanner
