package import ESWModel
package import ESWSeams

extension LinuxDataplane {
  /// - Throws: Always.
  package func capture(_ order: CaptureOrder) throws -> FrameCapture {
    throw Unusable(description: "frames of the kernel cannot be captured in this build")
  }
}
