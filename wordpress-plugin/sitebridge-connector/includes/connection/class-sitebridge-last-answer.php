<?php
/**
 * The server's last response, as text.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Stores the result of the last call to the server, for the settings page.
 */
final class Sitebridge_Last_Answer {

	const OPTION = 'sitebridge_connector_last_answer';

	/**
	 * Holds the key, which must not appear in the stored texts.
	 *
	 * @var Sitebridge_Settings
	 */
	private $settings;

	/**
	 * Holds the key that is being tested.
	 *
	 * @var Sitebridge_Candidate
	 */
	private $candidate;

	/**
	 * Stores the dependencies.
	 *
	 * @param Sitebridge_Settings  $settings  The stored connection.
	 * @param Sitebridge_Candidate $candidate The connection that is being tested.
	 */
	public function __construct( Sitebridge_Settings $settings, Sitebridge_Candidate $candidate ) {
		$this->settings  = $settings;
		$this->candidate = $candidate;
	}

	/**
	 * Stores a response.
	 *
	 * @param bool   $success Whether the call succeeded.
	 * @param string $message What happened.
	 * @param string $hint    What to do about it, or ''.
	 * @param string $code    The server's code for the result, or ''.
	 */
	public function store( $success, $message, $hint = '', $code = '' ) {
		update_option(
			self::OPTION,
			array(
				'success' => (bool) $success,
				'message' => $this->clean( $message ),
				'hint'    => $this->clean( $hint ),
				'code'    => $this->clean( $code ),
				'time'    => time(),
			),
			false
		);
	}

	/**
	 * The stored response.
	 *
	 * @return array|null `success`, `message`, `hint`, `code`, `time` (unix seconds); null if none is stored.
	 */
	public function get() {
		$stored = get_option( self::OPTION );

		return is_array( $stored ) && isset( $stored['message'], $stored['time'] ) ? $stored : null;
	}

	/**
	 * A text from another machine, made safe: no markup, at most 1,000 characters, and never the key, even if
	 * the server sent the key back.
	 *
	 * @param mixed $words The text in the response.
	 * @return string
	 */
	private function clean( $words ) {
		$words = sanitize_text_field( is_scalar( $words ) ? (string) $words : '' );
		foreach ( array( $this->settings->all(), (array) $this->candidate->get() ) as $connection ) {
			if ( ! empty( $connection['api_key'] ) ) {
				$words = str_replace( $connection['api_key'], Sitebridge_Settings::mask( $connection['api_key'] ), $words );
			}
		}

		return mb_substr( $words, 0, 1000 );
	}
}
