<?php
/**
 * Connects to the server and disconnects from it.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Lets the server test the connection, and acts on the result.
 */
final class Sitebridge_Connection {

	/**
	 * The stored connection.
	 *
	 * @var Sitebridge_Settings
	 */
	private $settings;

	/**
	 * The connection that is being tested.
	 *
	 * @var Sitebridge_Candidate
	 */
	private $candidate;

	/**
	 * Tells this site from its copies.
	 *
	 * @var Sitebridge_Installation
	 */
	private $installation;

	/**
	 * Calls the server.
	 *
	 * @var Sitebridge_Server_Client
	 */
	private $client;

	/**
	 * Sends the structure.
	 *
	 * @var Sitebridge_Structure_Push
	 */
	private $push;

	/**
	 * Sends the changes.
	 *
	 * @var Sitebridge_Delivery_Trigger
	 */
	private $trigger;

	/**
	 * Stores the server's last response.
	 *
	 * @var Sitebridge_Last_Answer
	 */
	private $last_answer;

	/**
	 * Stores the dependencies.
	 *
	 * @param Sitebridge_Settings         $settings     The stored connection.
	 * @param Sitebridge_Candidate        $candidate    The connection that is being tested.
	 * @param Sitebridge_Installation     $installation Tells this site from its copies.
	 * @param Sitebridge_Server_Client    $client       Calls the server.
	 * @param Sitebridge_Structure_Push   $push         Sends the structure.
	 * @param Sitebridge_Delivery_Trigger $trigger      Sends the changes.
	 * @param Sitebridge_Last_Answer      $last_answer  Stores the server's last response.
	 */
	public function __construct( Sitebridge_Settings $settings, Sitebridge_Candidate $candidate, Sitebridge_Installation $installation, Sitebridge_Server_Client $client, Sitebridge_Structure_Push $push, Sitebridge_Delivery_Trigger $trigger, Sitebridge_Last_Answer $last_answer ) {
		$this->settings     = $settings;
		$this->candidate    = $candidate;
		$this->installation = $installation;
		$this->client       = $client;
		$this->push         = $push;
		$this->trigger      = $trigger;
		$this->last_answer  = $last_answer;
	}

	/**
	 * Tests the connection, then sends the structure.
	 *
	 * @param array|null $proposed See test().
	 * @param bool       $moved    See test().
	 */
	public function connect( $proposed, $moved = false ) {
		if ( $this->test( $proposed, $moved ) ) {
			$this->push->schedule_daily();
			$this->push->run();
			$this->trigger->resume( true );
		}
	}

	/**
	 * Lets the server test the connection.
	 *
	 * @param array|null $proposed A connection that is stored only if its test passes; null for the stored one.
	 * @param bool       $moved    Whether an administrator said that the site has moved here.
	 * @return bool Whether the test passed.
	 */
	public function test( $proposed, $moved = false ) {
		$tested = array_merge( $this->settings->all(), (array) $proposed );
		if ( ! Sitebridge_Settings::has_all( $tested ) ) {
			$this->last_answer->store( false, __( 'Enter the server address, the site id and the site key first.', 'sitebridge-connector' ) );
			return false;
		}
		if ( null !== $proposed ) {
			$this->candidate->set( $proposed );
		}
		$this->installation->begin();
		$answer = $this->client->post(
			'/test-connection',
			array(
				'site_id'  => (int) $tested['site_id'],
				'api_key'  => $tested['api_key'],
				'site_url' => Sitebridge_Installation::home(),
			) + ( $moved ? array( 'moved' => true ) : array() ),
			array(),
			$tested['server_url']
		);
		$passed = $this->conclude( $answer, $proposed );
		$this->candidate->forget();

		return $passed;
	}

	/**
	 * Acts on the answer to a test.
	 *
	 * @param array      $answer   See Sitebridge_Server_Client::post().
	 * @param array|null $proposed See test().
	 * @return bool Whether the test passed.
	 */
	private function conclude( array $answer, $proposed ) {
		$integration_id = isset( $answer['body']['integration_id'] ) ? (int) $answer['body']['integration_id'] : 0;
		$passed         = 200 === $answer['status'] && $integration_id > 0;
		if ( $passed ) {
			$this->settings->update( array( 'integration_id' => $integration_id ) + (array) $proposed );
			$this->installation->confirm();
		}
		$message = $answer['message'];
		if ( '' === $message ) {
			$message = $passed
				? __( 'Connected.', 'sitebridge-connector' )
				/* translators: %d: an HTTP status such as 500. */
				: sprintf( __( 'The server answered HTTP %d without saying why.', 'sitebridge-connector' ), $answer['status'] );
		}
		$hints = array( $answer['hint'] );
		if ( ! $passed && null !== $proposed ) {
			$hints[] = __( 'The new settings were not stored. The connection of before goes on.', 'sitebridge-connector' );
		}
		$this->last_answer->store( $passed, $message, trim( implode( ' ', array_filter( $hints, 'is_string' ) ) ), $answer['code'] );

		return $passed;
	}

	/**
	 * Deletes the connection from this site. The integration on the server stays, because its records belong
	 * to the server's users.
	 */
	public function disconnect() {
		$this->push->unschedule();
		$this->trigger->forget();
		$this->settings->forget_connection();
		$this->installation->forget();
		$this->candidate->forget();
		$this->last_answer->store( true, __( 'Disconnected. The key is deleted from this site.', 'sitebridge-connector' ) );
	}
}
