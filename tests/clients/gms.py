"""A stand-in for the module that GMS gives its Python."""

import types


class TagGroup:
    def __init__(self):
        self.tags = {}

    def SetTagAsString(self, path, value):
        assert type(path) is type(value) is str
        self.tags[path] = value


class Image:
    """As GMS has them: dimension 0 is x, arrays are views of the image's own memory, origins have two formats."""

    def __init__(self, array):
        self._array = array
        self._name = ""
        self._calibration = [[0.0, 1.0, ""] for _ in array.shape]  # value of the first pixel, its size, unit
        self._intensity = [0.0, 1.0, ""]
        self._tags = TagGroup()
        self.shown = False

    def GetNumArray(self):
        return self._array[:]

    def GetDimensionCalibration(self, dimension, form):
        value, size, unit = self._calibration[dimension]
        return (value if form == 0 else -value / size), size, unit

    def SetDimensionCalibration(self, dimension, origin, size, unit, form):
        assert all(type(number) is float for number in (origin, size)) and type(unit) is str and unit.isascii()
        self._calibration[dimension] = [origin if form == 0 else -origin * size, size, unit]

    def GetIntensityOrigin(self):
        return self._intensity[0]

    def GetIntensityScale(self):
        return self._intensity[1]

    def GetIntensityUnitString(self):
        return self._intensity[2]

    def SetIntensityOrigin(self, origin):
        self._intensity[0] = origin

    def SetIntensityScale(self, scale):
        self._intensity[1] = scale

    def SetIntensityUnitString(self, unit):
        self._intensity[2] = unit

    def GetName(self):
        return self._name

    def SetName(self, name):
        self._name = name

    def GetTagGroup(self):
        return self._tags

    def ShowImage(self):
        self.shown = True


class DigitalMicrograph(types.ModuleType):
    """What the script uses of GMS."""

    def __init__(self):
        super().__init__("DigitalMicrograph")
        self.front, self.made, self.said = None, [], []

    def GetFrontImage(self):
        if self.front is None:
            raise RuntimeError("A suitable image could not be found.")
        return self.front

    def CreateImage(self, array):
        assert array.flags.c_contiguous and array.flags.owndata and array.flags.writeable and array.dtype.isnative
        self.made.append(Image(array))
        return self.made[-1]

    def OkDialog(self, text):
        self.said.append(text)
